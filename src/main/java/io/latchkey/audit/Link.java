package io.latchkey.audit;

/** The next entry of the chain, valid only while {@code expectedHead} still is the head. */
public record Link(String expectedHead, String head, long seq, String mac, String entry) {}
