package io.latchkey.cors;

import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The response to an upstream's answer where it is the gateway that says which pages may read it. */
final class SharedAnswer extends HttpServletResponseWrapper {
    private static final String PREFIX = "Access-Control-";
    private static final String EXPOSE = PREFIX + "Expose-Headers";
    private static final String VARY = "Vary";
    private static final Pattern NAMES_ORIGIN = Pattern.compile("(?i)(^|,)\\s*(origin|\\*)\\s*(,|$)");

    SharedAnswer(HttpServletResponse response) {
        super(response);
        // To callers without an origin too: caches keep their answers for pages.
        response.setHeader(VARY, "Origin");
    }

    @Override
    public void setHeader(String name, @Nullable String value) {
        if (value != null
                && name.equalsIgnoreCase(VARY)
                && !NAMES_ORIGIN.matcher(value).find()) {
            super.setHeader(name, "Origin, " + value);
        } else if (isTheUpstreams(name)) {
            super.setHeader(name, value);
        }
    }

    @Override
    public void addHeader(String name, String value) {
        if (isTheUpstreams(name)) {
            super.addHeader(name, value);
        }
    }

    /** What may be read of it is a list to which both may add. */
    private static boolean isTheUpstreams(String name) {
        return !name.regionMatches(/* ignoreCase= */ true, 0, PREFIX, 0, PREFIX.length())
                || name.equalsIgnoreCase(EXPOSE);
    }
}
