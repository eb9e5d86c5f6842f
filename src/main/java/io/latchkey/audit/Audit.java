package io.latchkey.audit;

import io.latchkey.store.Redis;
import io.latchkey.store.Script;
import io.lettuce.core.Limit;
import io.lettuce.core.Range;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.StreamMessage;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** The append-only chain of what operators did. */
@Component
public class Audit {
    /** A change's script starts with this resource, to append its entry in the same step. */
    public static final String CHAIN_LUA = "/io/latchkey/audit/chain.lua";

    private static final Script APPEND = Script.of(Audit.class, CHAIN_LUA, "append.lua");
    private static final String LOG = "{api_keys:valid}:audit";
    private static final String HEAD = "{api_keys:valid}:audit:head";
    private static final int PAGE = 500;

    private final Redis redis;
    private final AuditKey key;
    private final JsonMapper json;
    private final InstantSource time;

    Audit(Redis redis, AuditKey key, JsonMapper json, InstantSource time) {
        this.redis = redis;
        this.key = key;
        this.json = json;
        this.time = time;
    }

    /** The entry that follows the present head; the change that carries it is refused if another came first. */
    public Link next(Act act, String target, String outcome, @Nullable Object before, @Nullable Object after) {
        String head = redis.onAdmin(commands -> commands.get(HEAD));
        Head last = Head.parse(head);
        long seq = last.seq() + 1;
        String entry = json.writeValueAsString(new Entry(
                seq,
                time.instant(),
                act.actor(),
                act.action(),
                target,
                outcome,
                act.address(),
                act.requestId(),
                before,
                after));
        String mac = mac(last.mac(), entry);
        return new Link(head == null ? "" : head, seq + ":" + mac, seq, mac, entry);
    }

    /** Writes an act that changed nothing in Redis, such as a refused one. */
    public void append(Act act, String target, String outcome) {
        append(act, target, outcome, null, null);
    }

    /** Writes an act that changed something outside of Redis, such as this node's routes. */
    public void append(Act act, String target, String outcome, @Nullable Object before, @Nullable Object after) {
        long written = 0;
        while (written == 0) {
            Link link = next(act, target, outcome, before, after);
            written = redis.<Long>onAdmin(
                    APPEND, ScriptOutputType.INTEGER, List.of(LOG), List.of(json.writeValueAsString(link)));
        }
    }

    /** Newest first, from just below {@code before}. */
    List<StreamMessage<String, String>> page(long before, int limit) {
        Range.Boundary<String> upper =
                before <= 0 ? Range.Boundary.unbounded() : Range.Boundary.excluding(before + "-0");
        return redis.onAdmin(
                commands -> commands.xrevrange(LOG, Range.from(Range.Boundary.unbounded(), upper), Limit.from(limit)));
    }

    /** Every entry as it was written, oldest first. */
    public void readAll(Consumer<String> reader) {
        String after = "0-0";
        List<StreamMessage<String, String>> page;
        do {
            page = pageAfter(after);
            for (StreamMessage<String, String> message : page) {
                reader.accept(message.getBody().getOrDefault("entry", "{}"));
                after = message.getId();
            }
        } while (page.size() == PAGE);
    }

    private List<StreamMessage<String, String>> pageAfter(String id) {
        return redis.onAdmin(commands -> commands.xrange(
                LOG, Range.from(Range.Boundary.excluding(id), Range.Boundary.unbounded()), Limit.from(PAGE)));
    }

    /** Walks the whole chain; a changed, removed or added entry breaks it at its place. */
    Verdict verify() {
        long entries = 0;
        String mac = "";
        while (true) {
            // Read before the page: entries appended meanwhile may only make the page longer than the head says.
            Head head = Head.parse(redis.onAdmin(commands -> commands.get(HEAD)));
            List<StreamMessage<String, String>> page = pageAfter(entries + "-0");
            for (StreamMessage<String, String> message : page) {
                mac = mac(mac, message.getBody().getOrDefault("entry", ""));
                boolean inPlace = message.getId().equals((entries + 1) + "-0");
                if (!inPlace || !same(mac, message.getBody().getOrDefault("mac", ""))) {
                    return new Verdict(false, entries, entries + 1);
                }
                entries++;
            }
            if (page.size() < PAGE) {
                boolean ends = head.seq() < entries || (head.seq() == entries && same(mac, head.mac()));
                return new Verdict(ends, entries, ends ? null : entries + 1);
            }
        }
    }

    private String mac(String previous, String entry) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key.bytes(), "HmacSHA256"));
            mac.update(previous.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(mac.doFinal(entry.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean same(String a, String b) {
        return MessageDigest.isEqual(a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));
    }

    /** The chain's end: how many entries, and the last one's code. */
    private record Head(long seq, String mac) {
        static Head parse(@Nullable String head) {
            if (head == null) {
                return new Head(0, "");
            }
            int colon = head.indexOf(':');
            return new Head(Long.parseLong(head.substring(0, colon)), head.substring(colon + 1));
        }
    }

    /** What {@link #verify} found. */
    record Verdict(boolean intact, long entries, @Nullable Long firstBroken) {}
}
