package io.latchkey.keys;

/**
 * Somebody waits until every node has written what it holds in memory. Listeners write it at once if they can, and never
 * throw: the changes of keys wait behind them.
 */
public record Flushed() {}
