package io.latchkey.compression;

/** A content coding that the gateway writes, and what one stream of it holds in memory. */
enum Coding {
    BROTLI("br", 2560 * 1024),
    GZIP("gzip", 256 * 1024);

    private final String token;
    private final int bytes;

    Coding(String token, int bytes) {
        this.token = token;
        this.bytes = bytes;
    }

    /** As it stands in {@code Content-Encoding}. */
    String token() {
        return token;
    }

    int bytes() {
        return bytes;
    }
}
