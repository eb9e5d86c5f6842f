package io.latchkey.usage;

/** What was counted, of some hour or of many. */
record Sums(
        long requests,
        long errors,
        long requestBytes,
        long responseBytes,
        long cacheHits,
        long tokens,
        long costNanos) {
    static final Sums NONE = new Sums(0, 0, 0, 0, 0, 0, 0);

    Sums plus(Sums more) {
        return new Sums(
                requests + more.requests,
                errors + more.errors,
                requestBytes + more.requestBytes,
                responseBytes + more.responseBytes,
                cacheHits + more.cacheHits,
                tokens + more.tokens,
                costNanos + more.costNanos);
    }

    /** At least nothing of anything. */
    Sums minus(Sums less) {
        return new Sums(
                Math.max(0, requests - less.requests),
                Math.max(0, errors - less.errors),
                Math.max(0, requestBytes - less.requestBytes),
                Math.max(0, responseBytes - less.responseBytes),
                Math.max(0, cacheHits - less.cacheHits),
                Math.max(0, tokens - less.tokens),
                Math.max(0, costNanos - less.costNanos));
    }

    /** In the order in which they are stored; what a later version appends is ignored. */
    static Sums parse(String stored) {
        String[] numbers = stored.split(" ", -1);
        return new Sums(
                Long.parseLong(numbers[0]),
                Long.parseLong(numbers[1]),
                Long.parseLong(numbers[2]),
                Long.parseLong(numbers[3]),
                Long.parseLong(numbers[4]),
                Long.parseLong(numbers[5]),
                Long.parseLong(numbers[6]));
    }

    long[] numbers() {
        return new long[] {requests, errors, requestBytes, responseBytes, cacheHits, tokens, costNanos};
    }
}
