# Sums collapsed stacks by the first rule that matches; a rule is a line of stops.tsv: name, tab, regular expression.
BEGIN { FS = "\t" }
NR == FNR {
    if ($0 !~ /^#/ && NF == 2) {
        name[++rules] = $1
        rule[rules] = $2
    }
    next
}
{
    count = $0
    sub(/.* /, "", count)
    total += count
    found = "other"
    for (i = 1; i <= rules; i++) {
        if ($0 ~ rule[i]) {
            found = name[i]
            break
        }
    }
    sum[found] += count
}
END {
    for (stop in sum) {
        printf "| %.1f %% | %.2f | %s |\n", 100 * sum[stop] / total, micros * sum[stop] / total, stop
    }
}
