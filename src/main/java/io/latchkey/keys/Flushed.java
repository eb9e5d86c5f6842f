package io.latchkey.keys;

/** Somebody waits until every node has written what it holds in memory; listeners write it at once. */
public record Flushed() {}
