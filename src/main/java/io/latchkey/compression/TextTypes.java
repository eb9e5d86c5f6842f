package io.latchkey.compression;

import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Which media types shrink: text in all its forms, and what is as redundant. */
final class TextTypes {
    private static final Set<String> OTHERS = Set.of(
            "application/ecmascript",
            "application/graphql",
            "application/javascript",
            "application/json",
            "application/json-seq",
            "application/jsonl",
            "application/ld+json",
            "application/rtf",
            "application/sql",
            "application/wasm",
            "application/x-javascript",
            "application/x-ndjson",
            "application/x-yaml",
            "application/xml",
            "application/yaml",
            "font/otf",
            "font/ttf",
            "image/bmp",
            "image/x-icon");

    private TextTypes() {}

    /** Never an event stream: some clients hold back events until a coding's next block is full. */
    static boolean cover(@Nullable String contentType) {
        if (contentType == null) {
            return false;
        }
        int end = contentType.indexOf(';');
        String type =
                (end < 0 ? contentType : contentType.substring(0, end)).strip().toLowerCase(Locale.ROOT);
        return (type.startsWith("text/") && !type.equals("text/event-stream"))
                || type.endsWith("+json")
                || type.endsWith("+xml")
                || OTHERS.contains(type);
    }
}
