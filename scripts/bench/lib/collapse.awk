# Flight-recorder samples as printed by jfr(1), to one line per distinct stack: root;…;leaf count.
/^jdk\./ { stack = ""; inside = 0; thread = "" }
/stackTrace = \[/ { inside = 1; next }
inside && /^ *\]/ { inside = 0; next }
inside {
    frame = $0
    sub(/^ +/, "", frame)
    sub(/\(.*/, "", frame)
    if (frame != "...") {
        stack = frame (stack == "" ? "" : ";" stack)
    }
    next
}
/eventThread = / {
    thread = $0
    sub(/^[^"]*"/, "", thread)
    sub(/".*/, "", thread)
    if (thread ~ /^[^a-zA-Z]*$|^qtp|Jetty/) {
        thread = "virtual"
    }
}
/^}/ && (stack != "" || thread != "") { count["[" thread "];" stack]++ }
END {
    for (line in count) {
        print line, count[line]
    }
}
