package io.latchkey.store;

/**
 * The event that Redis answered for the first time; its listeners prepare what they keep there.
 *
 * <p>A listener that throws {@link StartRefused} stops the start (or the running application); one that throws
 * {@link StoreUnavailable} is called again, with all the others, so listeners must be repeatable.
 */
public record StoreReady() {}
