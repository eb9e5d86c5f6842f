package io.latchkey.usage;

import io.latchkey.routes.Route.Metering;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Reads how many tokens an answer took, while it passes: JSON, or the JSON in the events of a stream. */
final class TokenScan {
    private static final String NO_MODEL = "_none";
    private static final String OTHER_MODEL = "_other";
    private static final BigDecimal NANOS_PER_THOUSAND = BigDecimal.valueOf(1_000_000);

    private final Metering metering;
    private final PointedValues values;
    private volatile @Nullable Kind kind;
    private Line line = Line.BEGINS;
    private int matched;
    private boolean goesOn;

    private enum Kind {
        JSON,
        EVENTS
    }

    /** Where in the lines of an event stream the next byte is. */
    private enum Line {
        BEGINS,
        DATA,
        OTHER
    }

    private static final byte[] DATA = {'d', 'a', 't', 'a', ':'};

    TokenScan(Metering metering) {
        this.metering = metering;
        values = new PointedValues(metering.tokens(), metering.model());
    }

    /** Null for what cannot be read. */
    void begin(@Nullable String contentType) {
        String type = contentType == null ? "" : contentType.toLowerCase(Locale.ROOT);
        if (type.startsWith("text/event-stream")) {
            kind = Kind.EVENTS;
        } else if (type.contains("json")) {
            kind = Kind.JSON;
        }
    }

    void read(byte[] bytes, int offset, int length) {
        if (kind == null) {
            return;
        }
        for (int i = offset; i < offset + length; i++) {
            if (kind == Kind.JSON) {
                values.read(bytes[i]);
            } else {
                event(bytes[i]);
            }
        }
    }

    private void event(byte b) {
        if (b == '\r') {
            return;
        }
        if (b == '\n') {
            if (line == Line.BEGINS && matched == 0) {
                // An empty line ends an event; until then its lines are one text.
                goesOn = false;
            }
            line = Line.BEGINS;
            matched = 0;
        } else if (line == Line.DATA) {
            values.read(b);
        } else if (line == Line.BEGINS) {
            matched = b == DATA[matched] ? matched + 1 : -1;
            if (matched < 0) {
                line = Line.OTHER;
                matched = 0;
            } else if (matched == DATA.length) {
                line = Line.DATA;
                if (!goesOn) {
                    values.startOver();
                }
                goesOn = true;
            }
        }
    }

    /** Zero when the answer did not say. */
    long count() {
        String text = values.first();
        if (text == null) {
            return 0;
        }
        try {
            return Math.clamp(new BigDecimal(text).longValue(), 0, Integer.MAX_VALUE);
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    /** Billionths of the currency. */
    long costNanos() {
        String model = values.second();
        BigDecimal price = model == null ? null : metering.prices().get(model);
        return (price == null ? metering.pricePerThousand() : price)
                .multiply(NANOS_PER_THOUSAND)
                .multiply(BigDecimal.valueOf(count()))
                .setScale(0, RoundingMode.HALF_UP)
                .longValue();
    }

    /** Only names that operators wrote down become labels. */
    String model() {
        String model = values.second();
        if (model == null) {
            return NO_MODEL;
        }
        return metering.prices().containsKey(model) ? model : OTHER_MODEL;
    }
}
