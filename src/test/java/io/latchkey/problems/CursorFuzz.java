package io.latchkey.problems;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Gateway;
import io.latchkey.Gateway.Answer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.LongStream;
import tools.jackson.databind.JsonNode;

/** Any bytes as the cursor of a listing: the page just below it, or a refusal; never another page, never a fault. */
public final class CursorFuzz {
    private static final Gateway GATEWAY = Gateway.frozen();
    private static final List<String> IDS = new ArrayList<>();
    private static final int LIMIT = 3;

    static {
        for (int i = 0; i < 3 * LIMIT; i++) {
            IDS.add(GATEWAY.key("").id());
        }
        GATEWAY.admin("GET", "/admin/keys", "")
                .json()
                .at("/items")
                .forEach(key -> IDS.add(key.at("/id").asString()));
        Collections.sort(IDS, Collections.reverseOrder());
    }

    private CursorFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) {
        String escaped = HexFormat.of().withPrefix("%").formatHex(input);
        String cursor = new String(input, java.nio.charset.StandardCharsets.ISO_8859_1);
        List<String> ids =
                IDS.stream().distinct().filter(id -> id.compareTo(cursor) < 0).toList();
        check("/admin/keys", escaped, cursor.matches("[0-9A-Za-z]+"), "id", ids);

        boolean number = cursor.matches("[1-9][0-9]{0,17}");
        long newest = GATEWAY.admin("GET", "/admin/audit?limit=1", "")
                .json()
                .at("/items/0/seq")
                .asLong();
        long from = number ? Math.min(newest, Long.parseLong(cursor) - 1) : newest;
        List<String> entries = LongStream.iterate(from, seq -> seq > 0, seq -> seq - 1)
                .limit(LIMIT)
                .mapToObj(Long::toString)
                .toList();
        check("/admin/audit", escaped, number || cursor.isEmpty(), "seq", entries);
    }

    private static void check(String listing, String cursor, boolean legal, String name, List<String> expected) {
        Answer answer = GATEWAY.admin("GET", listing + "?limit=" + LIMIT + "&cursor=" + cursor, "");
        assertThat(answer.status()).as("%s %s", listing, cursor).isEqualTo(legal ? 200 : 400);
        if (legal) {
            List<String> shown = new ArrayList<>();
            for (JsonNode item : answer.json().at("/items")) {
                shown.add(item.at("/" + name).asString());
            }
            assertThat(shown)
                    .as("%s %s", listing, cursor)
                    .isEqualTo(expected.stream().limit(LIMIT).toList());
        } else {
            assertThat(answer.get("code")).isEqualTo("bad-request");
        }
    }
}
