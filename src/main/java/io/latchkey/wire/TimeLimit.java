package io.latchkey.wire;

/** A deadline for what the calling thread does while it has no connection; it is interrupted when that passes. */
public final class TimeLimit implements AutoCloseable {
    private final Deadlines deadlines;
    private final Term term = new Term(() -> {});

    TimeLimit(Deadlines deadlines, long end) {
        this.deadlines = deadlines;
        term.begin(end);
        deadlines.watch(term);
    }

    public boolean isOver() {
        return term.struck() != null;
    }

    @Override
    public void close() {
        deadlines.forget(term);
        boolean unused = term.end();
    }
}
