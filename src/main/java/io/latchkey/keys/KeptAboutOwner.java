package io.latchkey.keys;

import java.util.List;
import java.util.stream.Stream;

/** What another capability keeps about the owners of keys, beside the keys themselves. */
public interface KeptAboutOwner {
    /** What each of its items is, in the export. */
    String kind();

    Stream<?> of(String owner, List<String> keyIds);

    /** For good. */
    void forget(String owner, List<String> keyIds);
}
