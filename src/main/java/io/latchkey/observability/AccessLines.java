package io.latchkey.observability;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.encoder.EncoderBase;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoField;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Writes an {@link AccessRecord} as one JSON object on one line. By hand, for there is one per request: a general
 * encoder takes more than twice as long.
 */
public final class AccessLines extends EncoderBase<ILoggingEvent> {
    private static final byte[] NOTHING = {};

    // One appender writes one line at a time.
    private final StringBuilder line = new StringBuilder(1024);
    private long second = Long.MIN_VALUE;
    private String untilSecond = "";

    @Override
    public byte[] headerBytes() {
        return NOTHING;
    }

    @Override
    public byte[] footerBytes() {
        return NOTHING;
    }

    @Override
    public byte[] encode(ILoggingEvent event) {
        if (event.getArgumentArray() == null || !(event.getArgumentArray()[0] instanceof AccessRecord access)) {
            return NOTHING;
        }
        line.setLength(0);
        line.append("{\"time\":\"");
        time(event.getInstant());
        line.append("\",\"level\":\"").append(event.getLevel());
        line.append("\",\"service\":\"latchkey\",\"logger\":\"access\"");
        text("correlationId", access.correlationId());
        text("traceId", access.traceId());
        text("keyId", access.keyId());
        text("route", access.route());
        text("method", access.method());
        text("pathTemplate", access.pathTemplate());
        text("path", access.path());
        number("status", access.status());
        number("requestBytes", access.requestBytes());
        number("responseBytes", access.responseBytes());
        millis("durationMs", access.durationNanos());
        if (access.upstreamNanos() >= 0) {
            millis("upstreamMs", access.upstreamNanos());
        }
        text("cache", access.cache());
        text("refusal", access.refusal());
        if (access.aborted()) {
            line.append(",\"aborted\":true");
        }
        text("client", access.client());
        text("userAgent", access.userAgent());
        return line.append("}\n").toString().getBytes(StandardCharsets.UTF_8);
    }

    private void time(Instant at) {
        if (at.getEpochSecond() != second) {
            second = at.getEpochSecond();
            String whole = Instant.ofEpochSecond(second).toString();
            untilSecond = whole.substring(0, whole.length() - 1);
        }
        line.append(untilSecond).append('.');
        fraction(at.get(ChronoField.MICRO_OF_SECOND), 100_000);
        line.append('Z');
    }

    private void fraction(int value, int highest) {
        for (int unit = highest; unit > 0; unit /= 10) {
            line.append((char) ('0' + value / unit % 10));
        }
    }

    private void number(String name, long value) {
        name(name);
        line.append(value);
    }

    private void millis(String name, long nanos) {
        long micros = (nanos + 500) / 1000;
        number(name, micros / 1000);
        line.append('.');
        fraction((int) (micros % 1000), 100);
    }

    private void text(String name, @Nullable String value) {
        if (value == null) {
            return;
        }
        name(name);
        line.append('"');
        int from = 0;
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c < ' ' || c == '"' || c == '\\' || Character.isSurrogate(c)) {
                line.append(value, from, i).append("\\u").append(HexFormat.of().toHexDigits(c));
                from = i + 1;
            }
        }
        line.append(value, from, value.length()).append('"');
    }

    private void name(String name) {
        line.append(",\"").append(name).append("\":");
    }
}
