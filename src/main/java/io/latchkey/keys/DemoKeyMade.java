package io.latchkey.keys;

/** A fresh embedded store got its demo key; the token can be shown to the newcomer now and never again. */
public record DemoKeyMade(String token) {
    @Override
    public String toString() {
        return "DemoKeyMade";
    }
}
