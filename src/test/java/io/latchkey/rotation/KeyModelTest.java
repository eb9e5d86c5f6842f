package io.latchkey.rotation;

import static org.assertj.core.api.Assertions.fail;

import io.latchkey.Seed;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever is done to keys, one act after the other, in whatever order and at whatever moment, both nodes answer as the
 * {@link KeyModel} says. What happens while an act is under way is for {@code scripts/proof}.
 * {@code -Dtests.sequences=5000} does it for longer.
 */
class KeyModelTest {
    private static final int SEQUENCES = Integer.getInteger("tests.sequences", 30);
    private static final int ACTS = 30;

    @Test
    void nodesAnswerAsTheModelSaysWhateverWasDone(@TempDir Path directory) {
        Random random = Seed.random();
        try (TwoNodes nodes = new TwoNodes(directory)) {
            for (int i = 0; i < SEQUENCES; i++) {
                boolean quiet = random.nextBoolean();
                List<ModelAct> acts = ModelAct.drawn(ACTS, quiet, random);
                ModelRun run = new ModelRun(nodes, quiet);
                int passed = run.passed(acts);
                if (passed < ACTS) {
                    List<String> story = shortest(nodes, quiet, acts.subList(0, passed + 1), run.story());
                    fail(Seed.said() + ", sequence " + i + ", without what it does not need:\n"
                            + String.join("\n", story));
                }
            }
        }
    }

    /** Leaves out every act without which it fails as well. */
    private static List<String> shortest(TwoNodes nodes, boolean quiet, List<ModelAct> failing, List<String> itsStory) {
        List<ModelAct> acts = failing;
        List<String> story = itsStory;
        for (int i = acts.size() - 1; i >= 0; i--) {
            List<ModelAct> fewer = new ArrayList<>(acts);
            fewer.remove(i);
            ModelRun run = new ModelRun(nodes, quiet);
            int passed = run.passed(fewer);
            if (passed < fewer.size()) {
                acts = fewer.subList(0, passed + 1);
                story = run.story();
                i = Math.min(i, acts.size());
            }
        }
        return story;
    }
}
