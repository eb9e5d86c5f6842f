package io.latchkey.keys;

import java.util.List;
import java.util.stream.Stream;

/** What is kept about the owners of keys, beside the keys themselves. */
public interface KeptAboutOwner {
    /** What each of its items is, in the export. */
    String kind();

    Stream<?> of(String owner, List<Key> keys);

    /** For good. */
    void forget(String owner, List<Key> keys);
}
