package io.latchkey;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Replays what {@code scripts/ci/fuzz} keeps in {@code fuzz/CLASS}, and some changes of it, without the fuzzer. */
class FuzzCorpusTest {
    private static final Path CORPUS = Path.of("src/test/resources/fuzz");
    private static final int CHANGES = 400;

    static Stream<String> targets() throws IOException {
        return names(CORPUS).stream();
    }

    @Test
    void everyTargetHasAKeptCorpus() throws IOException {
        try (Stream<Path> sources = Files.walk(Path.of("src/test/java"))) {
            assertThat(sources.map(source -> Path.of("src/test/java")
                                    .relativize(source)
                                    .toString()
                                    .replace('/', '.'))
                            .filter(name -> name.endsWith("Fuzz.java"))
                            .map(name -> name.replace(".java", "")))
                    .containsExactlyInAnyOrderElementsOf(names(CORPUS));
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("targets")
    void whatWasFoundStaysRight(String target) throws ReflectiveOperationException, IOException {
        for (String name : names(CORPUS.resolve(target))) {
            run(target, name, Files.readAllBytes(CORPUS.resolve(target, name)));
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("targets")
    void changesOfItAreRightToo(String target) throws ReflectiveOperationException, IOException {
        List<byte[]> kept = new ArrayList<>();
        for (String name : names(CORPUS.resolve(target))) {
            kept.add(Files.readAllBytes(CORPUS.resolve(target, name)));
        }
        Random random = Seed.random();
        for (int i = 0; i < CHANGES; i++) {
            byte[] input = changed(kept.get(random.nextInt(kept.size())), random);
            for (int more = random.nextInt(4); more > 0; more--) {
                input = changed(random.nextBoolean() ? input : spliced(input, kept, random), random);
            }
            run(target, Seed.said(), input);
        }
    }

    private static void run(String target, String what, byte[] input) throws ReflectiveOperationException {
        Method fuzz = Class.forName(target).getMethod("fuzzerTestOneInput", byte[].class);
        try {
            fuzz.invoke(null, (Object) input);
        } catch (InvocationTargetException e) {
            throw new AssertionError(
                    what + ": printf " + HexFormat.of().withPrefix("\\x").formatHex(input), e.getCause());
        }
    }

    /** An octet more, less or other; or a part of it once more. */
    private static byte[] changed(byte[] input, Random random) {
        int from = random.nextInt(input.length + 1);
        int to = from + random.nextInt(Math.min(4, input.length - from) + 1);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(input, 0, from);
        switch (random.nextInt(3)) {
            case 0 -> out.write(random.nextInt(256));
            case 1 -> out.write(" \t\r\n\0%./;:,_0179aFz".charAt(random.nextInt(19)));
            default -> out.write(input, from, to - from);
        }
        int next = random.nextBoolean() ? from : to;
        out.write(input, next, input.length - next);
        return out.toByteArray();
    }

    private static byte[] spliced(byte[] input, List<byte[]> kept, Random random) {
        byte[] other = kept.get(random.nextInt(kept.size()));
        int from = random.nextInt(other.length + 1);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(input, 0, random.nextInt(input.length + 1));
        out.write(other, from, other.length - from);
        return out.toByteArray();
    }

    private static List<String> names(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
