package io.latchkey.observability;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.joran.spi.ConsoleTarget;
import java.io.BufferedOutputStream;
import java.io.Flushable;
import java.io.IOException;

/** Standard output, written to when {@link #flush} is called or the buffer is full, and not for every line. */
public final class BatchedConsole extends OutputStreamAppender<ILoggingEvent> implements Flushable {
    private static final int BUFFER_BYTES = 64 * 1024;

    @Override
    public void start() {
        setImmediateFlush(false);
        setOutputStream(new BufferedOutputStream(ConsoleTarget.SystemOut.getStream(), BUFFER_BYTES));
        super.start();
    }

    /** Without making the event's text first, which the encoder of access lines does not read. */
    @Override
    protected void subAppend(ILoggingEvent event) {
        try {
            writeOut(event);
        } catch (IOException e) {
            addError("The log cannot be written", e);
        }
    }

    @Override
    public void flush() throws IOException {
        getOutputStream().flush();
    }
}
