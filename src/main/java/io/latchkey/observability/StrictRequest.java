package io.latchkey.observability;

import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.http.HttpURI;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.Request;
import org.jspecify.annotations.Nullable;

/** Refuses the requests that Jetty's strictest parser still lets in, but that two servers could read differently. */
final class StrictRequest implements HttpConfiguration.Customizer {
    /** A method outside this set may mean anything to an upstream, CONNECT and TRACE above all. */
    static final Set<String> METHODS = Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");

    // No percent-encoding, which only some would decode.
    private static final Pattern HOST = Pattern.compile("[A-Za-z0-9._-]{1,253}|\\[[0-9A-Fa-f:.]{2,45}]");

    private static final int LONGEST_HOST = 253;

    private final int maxHeaderFields;

    StrictRequest(int maxHeaderFields) {
        this.maxHeaderFields = maxHeaderFields;
    }

    @Override
    public Request customize(Request request, HttpFields.Mutable responseHeaders) {
        method(request.getMethod());
        fields(request.getHeaders());
        transferCoding(request);
        target(request);
        return request;
    }

    private static void method(String method) {
        if (!METHODS.contains(method)) {
            throw refuse(HttpStatus.NOT_IMPLEMENTED_501, "Unknown method");
        }
    }

    private void fields(HttpFields headers) {
        if (headers.size() > maxHeaderFields) {
            throw refuse(
                    HttpStatus.REQUEST_HEADER_FIELDS_TOO_LARGE_431, "More than " + maxHeaderFields + " header fields");
        }
        for (HttpField field : headers) {
            // A control character is legal nowhere in a value; forwarded, it would depend on the next parser.
            if (holdsControl(field.getValue())) {
                throw refuse(HttpStatus.BAD_REQUEST_400, "Control character in a header field");
            }
        }
    }

    private static boolean holdsControl(@Nullable String value) {
        for (int i = 0; value != null && i < value.length(); i++) {
            char c = value.charAt(i);
            if ((c < ' ' && c != '\t') || c == 0x7f) {
                return true;
            }
        }
        return false;
    }

    private static void transferCoding(Request request) {
        if (!request.getHeaders().contains(HttpHeader.TRANSFER_ENCODING)) {
            return;
        }
        List<String> codings = Fields.values(request.getHeaders(), "Transfer-Encoding");
        if (request.getConnectionMetaData().getHttpVersion() == HttpVersion.HTTP_1_0) {
            throw refuse(HttpStatus.BAD_REQUEST_400, "Transfer-Encoding in HTTP/1.0");
        }
        if (codings.size() != 1 || codings.getFirst().contains(",")) {
            throw refuse(HttpStatus.BAD_REQUEST_400, "Transfer-Encoding other than chunked");
        }
        if (!"chunked".equalsIgnoreCase(codings.getFirst())) {
            throw refuse(HttpStatus.NOT_IMPLEMENTED_501, "Transfer-Encoding other than chunked");
        }
    }

    private static void target(Request request) {
        HttpURI uri = request.getHttpURI();
        String path = uri.getPath();
        if (path == null || !path.startsWith("/")) {
            throw refuse(HttpStatus.BAD_REQUEST_400, "The request target is not a path");
        }
        // `;` splits a segment for some servers and is part of it for others.
        if (path.indexOf(';') >= 0 || path.contains("%3b") || path.contains("%3B")) {
            throw refuse(HttpStatus.BAD_REQUEST_400, "Path parameter");
        }
        // A literal dot segment is resolved by some and forwarded by others; Jetty keeps it in the raw path.
        if (path.contains("/./") || path.contains("/../") || path.endsWith("/.") || path.endsWith("/..")) {
            throw refuse(HttpStatus.BAD_REQUEST_400, "Dot segment");
        }
        String host = uri.getHost();
        if (host != null && !isPlain(host) && !HOST.matcher(host).matches()) {
            throw refuse(HttpStatus.BAD_REQUEST_400, "Illegal Host");
        }
        String scheme = uri.getScheme();
        if (!"http".equals(scheme) && !"https".equals(scheme)) {
            throw refuse(HttpStatus.BAD_REQUEST_400, "Unknown scheme");
        }
    }

    /** What nearly every host is, told without a pattern. */
    private static boolean isPlain(String host) {
        for (int i = 0; i < host.length(); i++) {
            char c = host.charAt(i);
            if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-')) {
                return false;
            }
        }
        return !host.isEmpty() && host.length() <= LONGEST_HOST;
    }

    private static HttpException.RuntimeException refuse(int status, String reason) {
        return new HttpException.RuntimeException(status, reason);
    }
}
