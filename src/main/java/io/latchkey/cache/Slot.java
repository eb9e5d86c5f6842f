package io.latchkey.cache;

import java.util.List;

/** What is found at a place: an answer, or by which of the request's fields to look further. */
sealed interface Slot permits StoredAnswer, Slot.Fork {
    /** The store's mark of this state of the resource; what bears another one was invalidated. */
    String epoch();

    int weight();

    /** The answers to this request differ by these fields of it. */
    record Fork(List<String> names, String epoch) implements Slot {
        public Fork {
            names = List.copyOf(names);
        }

        @Override
        public int weight() {
            return 300;
        }
    }
}
