package io.latchkey.usage;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** An answer whose bytes pass unchanged while they are read. */
final class WatchedAnswer extends HttpServletResponseWrapper {
    private final TokenScan tokens;
    private @Nullable Stream stream;

    WatchedAnswer(HttpServletResponse response, TokenScan tokens) {
        super(response);
        this.tokens = tokens;
    }

    @Override
    public ServletOutputStream getOutputStream() throws IOException {
        if (stream == null) {
            stream = new Stream(super.getOutputStream());
            boolean readable = getStatus() / 100 == 2 && getHeader("Content-Encoding") == null;
            tokens.begin(readable ? getHeader("Content-Type") : null);
        }
        return stream;
    }

    private final class Stream extends ServletOutputStream {
        private final ServletOutputStream to;

        Stream(ServletOutputStream to) {
            this.to = to;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            // First, for who reads the answer may ask for the usage at once.
            tokens.read(bytes, offset, length);
            to.write(bytes, offset, length);
        }

        @Override
        public void flush() throws IOException {
            to.flush();
        }

        @Override
        public void close() throws IOException {
            to.close();
        }

        @Override
        public boolean isReady() {
            return to.isReady();
        }

        @Override
        public void setWriteListener(WriteListener listener) {
            to.setWriteListener(listener);
        }
    }
}
