package io.latchkey.audit;

/** Who acts: an operator's admin token, a key that changes itself, or the gateway. */
public record Actor(String id, String name, String role) {
    /** Request attribute that holds the authenticated operator. */
    public static final String ATTRIBUTE = "latchkey.actor";

    public static final Actor GATEWAY = new Actor("gateway", "gateway", "system");
}
