package io.latchkey.proxy;

import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import org.eclipse.jetty.ee11.servlet.ServletContextResponse;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.jspecify.annotations.Nullable;

/**
 * The container's response, but for the type of its content, which leaves as the upstream wrote it.
 *
 * <p>The container spells the types that it knows in its own way, and says of text without a charset which one it
 * takes it for: plain text would be ISO-8859-1, whatever it is.
 */
public final class VerbatimAnswer extends HttpServletResponseWrapper {
    private static final String CONTENT_TYPE = HttpHeader.CONTENT_TYPE.asString();

    public VerbatimAnswer(HttpServletResponse response) {
        super(response);
    }

    @Override
    public void setHeader(String name, @Nullable String value) {
        if (value != null && isContentType(name)) {
            beneath().put(field(value));
        } else if (value != null && !containsHeader(name)) {
            // The container's own way to replace a field costs several times what it costs to look for it.
            super.addHeader(name, value);
        } else {
            super.setHeader(name, value);
        }
    }

    @Override
    public void addHeader(String name, String value) {
        if (isContentType(name)) {
            beneath().add(field(value));
        } else {
            super.addHeader(name, value);
        }
    }

    @Override
    public void setContentType(@Nullable String type) {
        setHeader(CONTENT_TYPE, type);
    }

    private boolean isContentType(String name) {
        return name.length() == CONTENT_TYPE.length() && name.equalsIgnoreCase(CONTENT_TYPE) && !isCommitted();
    }

    private static HttpField field(String value) {
        return new HttpField(HttpHeader.CONTENT_TYPE, value);
    }

    /** Where nobody reads anything into it. */
    private HttpFields.Mutable beneath() {
        return ServletContextResponse.getServletContextResponse(getResponse())
                .getWrapped()
                .getHeaders();
    }
}
