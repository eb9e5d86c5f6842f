/**
 * What leaves is as small as its reader can take.
 *
 * <p>{@link io.latchkey.compression.Compression} wraps the answer of a proxied request when its caller accepts Brotli or
 * gzip. Whether it is compressed is decided once, when its head is complete: text of some size that nobody has encoded
 * yet and that nobody forbids to transform. It stays a stream: what the proxy flushes leaves at once. An answer that
 * breaks off is cut inside its coding, so that half of it never looks whole. Bodies are never decompressed.
 *
 * <p>Redis gone: nothing changes here.
 *
 * <p>Imports: {@code routes} for what a route wants.
 */
@ApplicationModule(allowedDependencies = "routes")
@NullMarked
package io.latchkey.compression;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
