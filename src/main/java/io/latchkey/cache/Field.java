package io.latchkey.cache;

/**
 * One header field as the upstream's answer set it.
 *
 * @param more whether it goes beside fields of the same name instead of taking their place
 */
record Field(String name, String value, boolean more) {}
