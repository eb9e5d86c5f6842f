package io.latchkey.keys;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Shows which nodes serve, and how far each has followed the changes of keys. */
@RestController
class NodesController {
    private final Nodes nodes;
    private final ChangeFeed feed;
    private final InstantSource time;

    NodesController(Nodes nodes, ChangeFeed feed, InstantSource time) {
        this.nodes = nodes;
        this.feed = feed;
        this.time = time;
    }

    /** The newest change there is, and the nodes; a laggard is one that may serve and has not applied it. */
    record Fleet(long epoch, int live, List<String> laggards, List<Member> items) {}

    /**
     * One node; {@code behind} counts changes that it has not applied as far as it said, {@code silentFor} is the time
     * since it said anything.
     */
    record Member(
            String id,
            boolean live,
            long epoch,
            long behind,
            Instant reportedAt,
            Duration silentFor,
            List<String> peppers) {}

    /** Lists the nodes, and how far each has followed the changes of keys. */
    @GetMapping("/admin/nodes")
    Fleet list() {
        // The epoch first: who reported meanwhile is not behind for it.
        long epoch = feed.storedEpoch();
        Instant now = time.instant();
        List<Member> members = nodes.all().stream()
                .map(node -> member(node, epoch, now))
                .sorted(Comparator.comparing(Member::id))
                .toList();
        List<Member> live = members.stream().filter(Member::live).toList();
        List<String> laggards = live.stream()
                .filter(member -> member.behind() > 0)
                .map(Member::id)
                .toList();
        return new Fleet(epoch, live.size(), laggards, members);
    }

    private Member member(Nodes.Node node, long epoch, Instant now) {
        Duration silence = Duration.between(node.at(), now);
        return new Member(
                node.id(),
                nodes.isLive(node, now),
                node.epoch(),
                Math.max(0, epoch - node.epoch()),
                node.at(),
                silence.isNegative() ? Duration.ZERO : silence,
                node.peppers());
    }
}
