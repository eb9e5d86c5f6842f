package io.latchkey.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Any bytes as an upstream's answer, to a HEAD when the first is odd: however they are cut in pieces, what the gateway
 * reads is what a second reader reads, or both refuse, and what is left over is noticed.
 */
public final class AnswerFuzz {
    private static final WireProperties PROPERTIES =
            new WireProperties(1, Duration.ofSeconds(30), Duration.ofMillis(50), Duration.ofMinutes(5));
    private static final Deadlines CLOCK = new Deadlines();

    private AnswerFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) {
        boolean head = input.length > 0 && (input[0] & 1) == 1;
        byte[] bytes = Arrays.copyOfRange(input, Math.min(1, input.length), input.length);
        Reference reference = new Reference(new String(bytes, StandardCharsets.ISO_8859_1));
        String expected = reference.read(head);
        for (int piece : new int[] {1, 7, Inflow.BUFFER_BYTES}) {
            Reading reading = new Reading(new Pieces(bytes, piece));
            assertThat(reading.read(head)).as("in pieces of %d", piece).isEqualTo(expected);
            if (bytes.length < piece) {
                assertThat(reading.cleanlyEnded).isEqualTo(reference.cleanlyEnded);
            }
        }
    }

    /** Bytes that arrive so many at a time, and then the end. */
    private static final class Pieces implements Transport {
        private final byte[] bytes;
        private final int piece;
        private int at;

        Pieces(byte[] bytes, int piece) {
            this.bytes = bytes;
            this.piece = piece;
        }

        @Override
        public int read(byte[] into, int offset, int length) {
            int count = Math.min(Math.min(piece, length), bytes.length - at);
            System.arraycopy(bytes, at, into, offset, count);
            at += count;
            return count == 0 ? -1 : count;
        }

        @Override
        public void write(byte[] from, int offset, int length) {
            throw new AssertionError("nothing is sent");
        }

        @Override
        public boolean hasSomethingOrEnded() {
            return true;
        }

        @Override
        public void reset() {}

        @Override
        public void close() {}
    }

    /** What the gateway reads. */
    private static final class Reading {
        private final StringBuilder said = new StringBuilder();
        private final Pieces pieces;
        private boolean cleanlyEnded;

        Reading(Pieces pieces) {
            this.pieces = pieces;
        }

        String read(boolean head) {
            Endpoint nowhere = new Endpoint("upstream", 80, false, false);
            Pool pool = new Pool(nowhere, PROPERTIES, new Dialer(), CLOCK);
            try (Connection connection = new Connection(pool, pieces, Long.MAX_VALUE)) {
                note(connection.receive(head, this::note));
                Body body = connection.body();
                while (body.next()) {
                    said.append(new String(body.bytes(), body.offset(), body.length(), StandardCharsets.ISO_8859_1));
                }
                said.append("\nended ").append(new TreeMap<>(body.trailers()));
                cleanlyEnded = body.isCleanlyEnded();
            } catch (IOException e) {
                said.append("\nbroken");
            }
            return said.toString();
        }

        private void note(Answer answer) {
            said.append(answer.status())
                    .append(' ')
                    .append(answer.contentLength())
                    .append(answer.isChunked());
            answer.fields()
                    .forEach(field -> said.append('\n').append(field.name().text() + ':' + field.value()));
            said.append("\n\n");
        }
    }

    /** Reads the same by RFC 9112 and the limits of the gateway, all at once. */
    private static final class Reference {
        private static final Pattern STATUS = Pattern.compile("HTTP/1\\.([01]) ([1-5]\\d\\d)(?: .*)?", Pattern.DOTALL);
        private static final Pattern FIELD =
                Pattern.compile("([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*+([\t -~\\x80-\\xff]*?)[ \t]*", Pattern.DOTALL);
        private static final Pattern SIZE = Pattern.compile("([0-9A-Fa-f]{1,15})(?:[; \t].*)?", Pattern.DOTALL);

        private final StringBuilder said = new StringBuilder();
        private String rest;
        private boolean cleanlyEnded;
        private String text = "";
        private long length;
        private boolean chunked;

        Reference(String bytes) {
            rest = bytes;
        }

        String read(boolean head) {
            try {
                int status = head();
                for (int heads = 1; status < 200 && status != 101; heads++) {
                    demand(length <= 0 && !chunked);
                    said.append(status == 100 ? "" : text);
                    demand(heads < 16);
                    status = head();
                }
                said.append(text);
                body(head || status == 204 || status == 304 || status == 101);
            } catch (IOException e) {
                said.append("\nbroken");
            }
            return said.toString();
        }

        private int head() throws IOException {
            length = -1;
            chunked = false;
            String line = line(32 * 1024 - 2);
            Matcher status = STATUS.matcher(line);
            demand(status.matches());
            Map<Integer, String[]> fields = fields(line.length());
            StringBuilder lines = new StringBuilder();
            for (String[] field : fields.values()) {
                String name = field[0].toLowerCase(Locale.ROOT);
                if (name.equals("content-length")) {
                    demand(length < 0 && !chunked && field[1].matches("[0-9]{1,18}"));
                    length = Long.parseLong(field[1]);
                } else if (name.equals("transfer-encoding")) {
                    boolean known = field[1].equalsIgnoreCase("chunked")
                            && status.group(1).equals("1");
                    demand(length < 0 && !chunked && known);
                    chunked = true;
                }
                lines.append('\n').append(field[0]).append(':').append(field[1]);
            }
            text = status.group(2) + ' ' + length + chunked + lines + "\n\n";
            return Integer.parseInt(status.group(2));
        }

        private void body(boolean none) throws IOException {
            Map<String, String> trailers = new TreeMap<>();
            boolean untilClose = !none && !chunked && length < 0;
            if (!none && chunked) {
                for (long size = size(); size > 0; size = size()) {
                    take(size);
                    demand(line(2).isEmpty());
                }
                for (String[] field : fields(0).values()) {
                    trailers.merge(field[0].toLowerCase(Locale.ROOT), field[1], (one, other) -> one + ", " + other);
                }
            } else if (!none) {
                take(untilClose ? rest.length() : length);
            }
            said.append("\nended ").append(trailers);
            cleanlyEnded = !untilClose && rest.isEmpty();
        }

        private void take(long count) throws IOException {
            int here = (int) Math.min(count, rest.length());
            said.append(rest, 0, here);
            rest = rest.substring(here);
            demand(here == count);
        }

        private long size() throws IOException {
            Matcher size = SIZE.matcher(line(1024));
            demand(size.matches());
            return Long.parseLong(size.group(1), 16);
        }

        private Map<Integer, String[]> fields(int before) throws IOException {
            Map<Integer, String[]> fields = new TreeMap<>();
            int total = before;
            for (String line = line(32 * 1024 - 2); !line.isEmpty(); line = line(32 * 1024 - 2)) {
                total += line.length();
                Matcher field = FIELD.matcher(line);
                demand(field.matches() && fields.size() < 200 && total <= 64 * 1024);
                fields.put(fields.size(), new String[] {field.group(1), field.group(2)});
            }
            return fields;
        }

        private String line(int longest) throws IOException {
            int end = rest.indexOf('\n');
            demand(end >= 0 && end <= longest);
            String line = rest.substring(0, end);
            rest = rest.substring(end + 1);
            return line.endsWith("\r") ? line.substring(0, end - 1) : line;
        }

        private static void demand(boolean holds) throws IOException {
            if (!holds) {
                throw new IOException("refused");
            }
        }
    }
}
