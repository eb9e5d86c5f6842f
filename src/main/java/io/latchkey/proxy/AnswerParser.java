package io.latchkey.proxy;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpResponseFactory;
import org.apache.hc.core5.http.MessageConstraintException;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.impl.io.DefaultHttpResponseParser;
import org.apache.hc.core5.http.io.HttpMessageParser;
import org.apache.hc.core5.http.io.HttpMessageParserFactory;
import org.apache.hc.core5.http.io.SessionInputBuffer;

/** Reads the head of an upstream's answer, of bounded size, without tolerating garbage before it. */
final class AnswerParser extends DefaultHttpResponseParser {
    static final int MOST_HEAD_BYTES = 64 * 1024;

    AnswerParser(Http1Config config) {
        super(config, null, new AnswerFactory());
    }

    @Override
    public ClassicHttpResponse parse(SessionInputBuffer buffer, InputStream input) throws IOException, HttpException {
        ClassicHttpResponse parsed = super.parse(buffer, new Bounded(input, MOST_HEAD_BYTES + buffer.capacity()));
        if (parsed instanceof Answer answer) {
            answer.receivedThrough(buffer);
        }
        return parsed;
    }

    /** One parser for each connection. */
    record Factory(Http1Config config) implements HttpMessageParserFactory<ClassicHttpResponse> {
        @Override
        public HttpMessageParser<ClassicHttpResponse> create() {
            return new AnswerParser(config);
        }

        @Override
        @SuppressWarnings({"deprecation", "InlineMeSuggester"})
        public HttpMessageParser<ClassicHttpResponse> create(Http1Config ignored) {
            return create();
        }
    }

    private static final class AnswerFactory implements HttpResponseFactory<ClassicHttpResponse> {
        @Override
        public ClassicHttpResponse newHttpResponse(int status, String reason) {
            return new Answer(status);
        }

        @Override
        public ClassicHttpResponse newHttpResponse(int status) {
            return new Answer(status);
        }
    }

    /** The client bounds lines and their number, but the product of the two is megabytes. */
    private static final class Bounded extends FilterInputStream {
        private int left;

        Bounded(InputStream in, int left) {
            super(in);
            this.left = left;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            if (left <= 0) {
                throw new MessageConstraintException("the head of the answer is too large");
            }
            int read = super.read(bytes, offset, length);
            left -= Math.max(read, 0);
            return read;
        }
    }
}
