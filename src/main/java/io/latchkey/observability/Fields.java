package io.latchkey.observability;

import java.util.ArrayList;
import java.util.List;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;

/** Header fields as the front door reads them. */
final class Fields {
    private Fields() {}

    /** One entry per field, in order; a field without a value is an empty one. */
    static List<String> values(HttpFields headers, String name) {
        List<String> values = new ArrayList<>(1);
        for (HttpField field : headers) {
            if (field.is(name)) {
                String value = field.getValue();
                values.add(value == null ? "" : value);
            }
        }
        return values;
    }
}
