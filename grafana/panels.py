"""What the dashboards show: the one source that grafana/generate reads.

A panel is a call of stat, graph or table: title, what to look for, queries as (expression, legend), unit, thresholds as
(colour, from this value on), and what differs from the default. Panels flow from left to right, 24 columns wide. In
queries, <node> and <route> stand for the matchers of the variables, [rate] for the range that a rate needs.
"""

# Where your operators read docs/, as in prometheus/messages.tmpl. Change it in both and generate again.
DOCS = "https://git.example.com/latchkey/blob/main/docs"
FAILED_KEY = "key-(missing|malformed|unknown|expired|superseded|revoked|disabled)"


def burned(window):
    """Errors as multiples of what the promise allows, by the rules that the alerts use: one promise, said once."""
    return (f"avg_over_time(fleet:latchkey_server_errors:rate5m[{window}]) / "
            f"avg_over_time(fleet:latchkey_requests:rate5m[{window}]) / on () slo:latchkey_error_budget:ratio")


def share(part, whole):
    """Of what happened, the part; nothing happened is no part."""
    return f"(({part}) or vector(0)) / clamp_min({whole}, 1e-9)"


def quantile(q, metric, matchers="<route>", by="", window="rate"):
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({q}, sum by ({labels}) (rate({metric}_bucket{{{matchers}}}[{window}])))"


def quantiles(metric, matchers="<route>"):
    return [(quantile(q, metric, matchers), name) for q, name in ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))]


def requests(status="", window="rate"):
    matcher = f', status=~"{status}"' if status else ""
    return f"sum(rate(latchkey_request_seconds_count{{<route>{matcher}}}[{window}]))"


def row(title):
    return {"kind": "row", "title": title}


def panel(kind, title, about, queries, unit="short", limits=(), **more):
    """more: w, h, docs, stack, bars, interval, decimals, mappings, signed (may be below 0)."""
    if isinstance(queries, str):
        queries = [(queries, "")]
    return {"kind": kind, "title": title, "about": about, "queries": queries, "unit": unit, "limits": limits, **more}


def stat(*args, **more):
    return panel("stat", *args, **{"w": 3, "h": 4, **more})


def graph(*args, **more):
    return panel("timeseries", *args, **more)


def table(*args, **more):
    return panel("table", *args, **more)


def above(yellow, red):
    return (("yellow", yellow), ("red", red))


def any_is_red():
    return (("red", 1),)


def below(red, yellow):
    """Red until the first value, yellow until the second."""
    return (("red", None), ("yellow", red), ("green", yellow))


HEALTH = [
    row("Now"),
    stat("Requests", "Requests a second. A drop to nothing while callers are awake: look at nginx and the targets.",
         requests(), "reqps"),
    stat("5xx", "Share of answers that are 5xx. Over 5 % pages.",
         share(requests("5.."), requests()), "percentunit", above(0.01, 0.05), docs="runbooks/errors.md"),
    stat("4xx", "Share of answers that are 4xx. A jump after a release or a rotation: callers were left behind.",
         share(requests("4.."), requests()), "percentunit", above(0.1, 0.3), docs="errors.md"),
    stat("p95", "95 of 100 requests are faster than this. The aim is 200 ms.",
         quantile(0.95, "latchkey_request_seconds"), "s", above(0.15, 0.2), docs="runbooks/latency.md"),
    stat("Error budget left", "What is left of the 0.1 % of requests that may fail in 30 days. Below 0 the promise is "
         "broken: no risky change until it has recovered.",
         "1 - " + burned("30d"), "percentunit", below(0, 0.25), docs="runbooks/errors.md", signed=True),
    stat("In flight", "Requests inside the gateways. Growth without growth of traffic: an upstream is slow.",
         "sum(latchkey_requests_in_flight{<node>})"),
    stat("Nodes answering", "Gateways that the scrape reaches. Fewer than you run: one is down.",
         "count(latchkey_requests_in_flight{<node>}) or vector(0)", "short", below(1, 2),
         docs="runbooks/gateway-down.md"),
    stat("Targets down", "Scrape targets that do not answer, exporters among them. Their panels below are stale.",
         "count(up == 0) or vector(0)", "short", any_is_red(), docs="runbooks/gateway-down.md"),
    row("Requests"),
    graph("Requests by outcome", "The three lines move together when traffic moves. One that moves alone is news.",
          [(f"{requests(status)} or vector(0)", name)
           for status, name in (("[123]..", "answered"), ("4..", "4xx"), ("5..", "5xx"))], "reqps", stack=True),
    graph("Error rate", "Shares of 4xx and 5xx. 5xx over 5 % pages; 4xx is the callers' fault until it jumps.",
          [(share(requests(f"{c}.."), requests()), f"{c}xx") for c in (4, 5)],
          "percentunit", above(0.01, 0.05), docs="runbooks/errors.md"),
    graph("Latency", "Time to the last byte of the answer. p99 that leaves p50 behind: queueing, or one slow route.",
          quantiles("latchkey_request_seconds"), "s", above(0.2, 1), docs="runbooks/latency.md"),
    graph("Error budget burn", "1 burns the budget in exactly 30 days. Over 14.4 for an hour, or 6 for six: act now.",
          [(burned(window), window) for window in ("1h", "6h")], "short", above(6, 14.4), docs="runbooks/errors.md"),
    graph("Refusals by code", "The eight commonest problems. Each code has a row that says what to do.",
          [("topk(8, sum by (code) (rate(latchkey_refusals_total{<node>}[rate])))", "{{code}}")], "reqps",
          docs="errors.md"),
    graph("Shed", "Refused at the door: delay (no processor), crowd (too many wait), patience (waited in vain). "
          "Steady: scale out. patience alone: a slow upstream without a bound.",
          [("sum by (reason) (rate(latchkey_shed_total{<node>}[rate]))", "{{reason}}")], "reqps", (("red", 1),),
          docs="runbooks/latency.md"),
    graph("In flight by node", "Nodes should look alike. One above the others is slow, or gets more than its part.",
          [("latchkey_requests_in_flight{<node>}", "{{instance}}")]),
    graph("Wait for a processor", "How long a thread waited to run. Over 0.5 s for a while: the node is at its limit.",
          [("latchkey_scheduling_delay_seconds{<node>}", "{{instance}}")], "s", above(0.1, 0.5),
          docs="runbooks/latency.md"),
    graph("What should be zero", "Bugs of the gateway, threads that died, log lines lost. Any of them: read the log "
          "by its time.",
          [("sum(increase(latchkey_faults_total{<node>}[rate]))", "faults"),
           ("sum(increase(latchkey_uncaught_exceptions_total{<node>}[rate]))", "threads that died"),
           ("sum(increase(latchkey_log_dropped_total{<node>}[rate]))", "log lines lost")], "short", any_is_red(),
          docs="runbooks/errors.md"),
    row("Gateways"),
    graph("CPU", "Of the process and of its machine, 1 is all processors. Over 80 % for long: scale out.",
          [("process_cpu_usage{<node>} and on (instance) latchkey_requests_in_flight", "{{instance}}"),
           ("system_cpu_usage{<node>} and on (instance) latchkey_requests_in_flight", "{{instance}} machine")],
          "percentunit", above(0.8, 0.9), docs="runbooks/capacity.md"),
    graph("Heap", "Share of the heap that is in use. A saw-tooth is healthy; teeth whose feet rise are a leak.",
          [('sum by (instance) (jvm_memory_used_bytes{<node>, area="heap"}) / '
            'sum by (instance) (jvm_memory_max_bytes{<node>, area="heap"} > 0)', "{{instance}}")],
          "percentunit", above(0.8, 0.95), docs="runbooks/capacity.md"),
    graph("Memory outside the heap", "Classes, code and buffers that the JVM knows. It should be flat after an hour.",
          [('sum by (instance) (jvm_memory_used_bytes{<node>, area="nonheap"})', "{{instance}}")], "bytes"),
    graph("GC", "Share of the time that requests stood still. Over 5 %: the heap is too small for the load.",
          [("sum by (instance) (rate(jvm_gc_pause_seconds_sum{<node>}[rate])) or on (instance) "
            "0 * latchkey_requests_in_flight{<node>}", "{{instance}}")], "percentunit", above(0.05, 0.1)),
    graph("GC pauses", "Mean pause. Next to the p99 above it says whether the tail comes from here.",
          [("sum by (instance) (rate(jvm_gc_pause_seconds_sum{<node>}[rate])) / "
            "(sum by (instance) (rate(jvm_gc_pause_seconds_count{<node>}[rate])) > 0) or on (instance) "
            "0 * latchkey_requests_in_flight{<node>}", "{{instance}}")], "s", above(0.05, 0.2)),
    graph("Threads", "Platform threads; requests run on virtual ones, which are not counted. It should be flat.",
          [("jvm_threads_live_threads{<node>}", "{{instance}}")]),
    row("Redis"),
    graph("Commands, p95", "As the gateways see them. request: must stay far below 50 ms, then the gateway goes on "
          "without. admin: over 100 ms warns.",
          [(quantile(0.95, "latchkey_store_command_seconds", "<node>", "path"), "{{path}}")], "s",
          above(0.05, 0.1), docs="runbooks/redis.md"),
    graph("Memory", "used at max: writes fail, and no key can be made or rotated. A max of 0 is no bound.",
          [("max by (instance) (redis_memory_used_bytes)", "{{instance}} used"),
           ("max by (instance) (redis_memory_max_bytes)", "{{instance}} max")], "bytes", docs="runbooks/redis.md"),
    graph("Commands", "Commands a second. Growth far over that of requests: near caches miss, or limits are exact.",
          [("sum by (instance) (rate(redis_commands_processed_total[rate]))", "{{instance}}")], "ops"),
    graph("Clients", "A few connections a node. Steady growth is a leak.",
          [("max by (instance) (redis_connected_clients)", "{{instance}}")]),
    graph("What should be zero", "Redis down, writes to its log or snapshot failed, keys evicted, clients turned "
          "away. Evicted keys are lost keys: the policy must be noeviction.",
          [("sum(1 - redis_up)", "down"), ("sum(1 - redis_aof_last_write_status)", "append log fails"),
           ("sum(1 - redis_rdb_last_bgsave_status)", "snapshot fails"),
           ("sum(increase(redis_evicted_keys_total[rate]))", "evicted"),
           ("sum(increase(redis_rejected_connections_total[rate]))", "turned away")], "short", any_is_red(),
          docs="runbooks/redis.md"),
    row("nginx"),
    graph("Requests at nginx", "Next to the gateways' own count: a gap is what nginx answers by itself.",
          [("sum by (instance) (rate(nginx_http_requests_total[rate]))", "{{instance}}")], "reqps"),
    graph("Connections", "waiting are idle keep-alives. Growth of reading: slow senders.",
          [(f"sum(nginx_connections_{state})", state) for state in ("reading", "writing", "waiting")], stack=True),
    graph("Dropped connections", "Accepted and not handled: worker_connections or file handles have run out.",
          "sum(rate(nginx_connections_accepted[rate])) - sum(rate(nginx_connections_handled[rate]))", "cps",
          any_is_red()),
    row("Machine"),
    graph("Processors", "Share that is busy.",
          [('1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[rate]))', "{{instance}}")],
          "percentunit", above(0.8, 0.9), w=6, docs="runbooks/capacity.md"),
    graph("Memory of the machine", "Share that is taken; the kernel's caches count as free.",
          [("1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes", "{{instance}}")],
          "percentunit", above(0.8, 0.9), w=6, docs="runbooks/capacity.md"),
    graph("Disk", "Share of each file system that is full. Redis and the logs stop at 100 %.",
          [('max by (instance, device) (1 - node_filesystem_avail_bytes{fstype!~"tmpfs|ramfs|squashfs"} / '
            '(node_filesystem_size_bytes{fstype!~"tmpfs|ramfs|squashfs"} > 0))', "{{instance}} {{device}}")],
          "percentunit", above(0.8, 0.9), w=6, docs="runbooks/capacity.md"),
    graph("Load", "Runnable threads for each processor. Over 1 for long: everything waits.",
          [('node_load5 / on (instance) count by (instance) (node_cpu_seconds_total{mode="idle"})', "{{instance}}")],
          "short", above(1, 2), w=6),
    row("Containers"),
    graph("CPU of containers", "Processors in use.",
          [('sum by (name) (rate(container_cpu_usage_seconds_total{name!=""}[rate]))', "{{name}}")], "short", w=8),
    graph("Memory of containers", "Share of each container's limit; at 1 the kernel kills it.",
          [('max by (name) (container_memory_working_set_bytes{name!=""}) / '
            '(max by (name) (container_spec_memory_limit_bytes{name!=""}) > 0)', "{{name}}")], "percentunit",
          above(0.8, 0.95), w=8, docs="runbooks/capacity.md"),
    graph("Starts of containers", "How often each was started. A saw that rises: it dies and comes back.",
          [('sum by (name) (changes(container_start_time_seconds{name!=""}[1h]))', "{{name}}")], "short",
          any_is_red(), w=8),
]

SERVER = "{{route}} {{upstream}}"
CACHED = 'latchkey_cache_requests_total{<route>, outcome!="bypass"}'
AGENTS = [
    row("Now"),
    stat("Requests", "Requests a second of the chosen routes.", requests(), "reqps"),
    stat("Success", "Share of answers that are not 5xx.", f"1 - {share(requests('5..'), requests())}",
         "percentunit", below(0.95, 0.99)),
    stat("p95", "Of the chosen routes together; the aim is 200 ms.", quantile(0.95, "latchkey_request_seconds"), "s",
         above(0.15, 0.2)),
    stat("Breakers open", "Servers that get no requests because they failed several times in a row.",
         "count(latchkey_breaker_state{<route>} == 2) or vector(0)", "short", any_is_red(),
         docs="runbooks/upstreams.md"),
    stat("Servers down", "Servers that fail their health checks, counted once for each node that says so.",
         "count(latchkey_upstream_up{<route>} == 0) or vector(0)", "short", any_is_red(), docs="runbooks/upstreams.md"),
    stat("Retries", "Retries for each request. Over 0.2 the budget refuses them.",
         share('sum(rate(latchkey_retries_total{<route>, outcome="allowed"}[rate]))', requests()), "percentunit",
         above(0.05, 0.15)),
    stat("Cache hits", "Share of what could have come from the cache and did. Under 70 % after warm-up warns.",
         share('sum(rate(latchkey_cache_requests_total{<route>, outcome=~"hit|collapsed"}[rate]))',
               f"sum(rate({CACHED}[rate]))"), "percentunit", below(0.5, 0.7), docs="runbooks/upstreams.md"),
    stat("AI tokens", "Tokens that models read and wrote, in the range of this page.",
         "sum(increase(latchkey_tokens_total{<route>}[$__range])) or vector(0)"),
    row("Routes"),
    graph("Requests by route", "Who is busy.",
          [("sum by (route) (rate(latchkey_request_seconds_count{<route>}[rate]))", "{{route}}")], "reqps",
          stack=True),
    graph("Success by route", "Share of answers that are not 5xx. One route below the others: its upstream.",
          [('1 - (sum by (route) (rate(latchkey_request_seconds_count{<route>, status=~"5.."}[rate])) or '
            "0 * sum by (route) (rate(latchkey_request_seconds_count{<route>}[rate]))) / "
            "clamp_min(sum by (route) (rate(latchkey_request_seconds_count{<route>}[rate])), 1e-9)", "{{route}}")],
          "percentunit", below(0.95, 0.99)),
    graph("Refused by limits", "Calls refused because a limit of the route or the key was used up.",
          [("sum by (route) (rate(latchkey_limited_total{<route>}[rate]))", "{{route}}")], "reqps"),
    graph("p50 by route", "What a usual caller meets.",
          [(quantile(0.5, "latchkey_request_seconds", by="route"), "{{route}}")], "s"),
    graph("p95 by route", "The aim is 200 ms; routes to models are slower by nature, so look for a change.",
          [(quantile(0.95, "latchkey_request_seconds", by="route"), "{{route}}")], "s", above(0.2, 1)),
    graph("p99 by route", "The tail. At a round number of seconds it is a timeout of the route.",
          [(quantile(0.99, "latchkey_request_seconds", by="route"), "{{route}}")], "s", above(0.5, 2)),
    row("Servers behind the routes"),
    graph("Breakers", "0 closed, 1 on trial, 2 open. Back and forth: the server half works.",
          [("max by (route, upstream) (latchkey_breaker_state{<route>})", SERVER)], "short", above(1, 2),
          mappings={"0": "closed", "1": "on trial", "2": "open"}, docs="runbooks/upstreams.md"),
    graph("Health checks", "1 is healthy on every node, 0 fails on at least one. All of a route at 0: all are asked.",
          [("min by (route, upstream) (latchkey_upstream_up{<route>})", SERVER)], "short",
          (("red", None), ("green", 1)), mappings={"0": "down", "1": "up"}, docs="runbooks/upstreams.md"),
    graph("Ejections", "How often a server was left alone. One that comes and goes wants its own operator.",
          [("sum by (route, upstream) (increase(latchkey_upstream_ejections_total{<route>}[rate]))", SERVER)],
          "short", any_is_red()),
    graph("Tries under way", "One server far above the others of its route is slow.",
          [("sum by (route, upstream) (latchkey_upstream_in_flight{<route>})", SERVER)]),
    graph("Retries by outcome", "refused: so much fails that repeating it would only add load.",
          [("sum by (route, outcome) (rate(latchkey_retries_total{<route>}[rate]))", "{{route}} {{outcome}}")],
          "ops"),
    graph("Connections", "To each host and port, of all routes. No idle ones under load: every request connects anew.",
          [("sum by (upstream, state) (latchkey_upstream_connections{<node>})", "{{upstream}} {{state}}")]),
    graph("Connections of the limit", "Share of the connections that are in use, on the fullest node. At 1 requests "
          "wait, and are then refused as overloaded.",
          [('max by (upstream) (latchkey_upstream_connections{<node>, state="in-use"} / '
            "on (instance, upstream) latchkey_upstream_connections_limit{<node>})", "{{upstream}}")], "percentunit",
          above(0.8, 0.95), docs="runbooks/upstreams.md"),
    graph("Routes in force", "The version on each node. Lines apart for longer than a rollout of the file takes: one "
          "node has other routes.",
          [("latchkey_routes_version{<node>}", "{{instance}}")], docs="runbooks/routes-and-deploys.md"),
    graph("Reloads of routes", "refused: the file is broken, and a restart would fail. unwritten: the audit log "
          "could not be written.",
          [("sum by (outcome) (increase(latchkey_routes_reloads_total{<node>}[rate])) or vector(0)", "{{outcome}}")],
          docs="runbooks/routes-and-deploys.md"),
    row("Cache and compression"),
    graph("Cache hits by route", "Share of hit and collapsed in all but bypass. A fall after a release: a new Vary, "
          "or answers that may not be stored.",
          [('sum by (route) (rate(latchkey_cache_requests_total{<route>, outcome=~"hit|collapsed"}[rate])) / '
            f"clamp_min(sum by (route) (rate({CACHED}[rate])), 1e-9)", "{{route}}")], "percentunit", below(0.5, 0.7)),
    graph("Cache outcomes", "stale and fallback: an upstream fails and callers do not see it yet.",
          [("sum by (outcome) (rate(latchkey_cache_requests_total{<route>}[rate]))", "{{outcome}}")], "reqps",
          stack=True),
    graph("Cache memory", "Of each node. Full together with evictions: more memory would help.",
          [("latchkey_cache_bytes{<node>}", "{{instance}}")], "bytes"),
    graph("Cache losses", "Answers that left for lack of memory, or were not written because Redis was slow.",
          [("sum(rate(latchkey_cache_evictions_total{<node>}[rate]))", "evicted"),
           ("sum(rate(latchkey_cache_dropped_writes_total{<node>}[rate]))", "not written")], "ops"),
    graph("Cached answers", "Answers in memory on each node.",
          [("latchkey_cache_entries{<node>}", "{{instance}}")]),
    graph("Compression", "Bytes that left for each byte of answer, by coding. Near 1 it costs CPU for nothing.",
          [('sum by (coding) (rate(latchkey_compression_bytes_total{<node>, side="out"}[rate])) / '
            'clamp_min(sum by (coding) (rate(latchkey_compression_bytes_total{<node>, side="in"}[rate])), 1e-9)',
            "{{coding}}"),
           ("sum(rate(latchkey_compression_without_room_total{<node>}[rate]))", "without room, a second")],
          "short"),
    row("AI"),
    graph("Tokens by route", "Tokens a second.",
          [("sum by (route) (rate(latchkey_tokens_total{<route>}[rate]))", "{{route}}")], "short", w=12),
    graph("Tokens by model", "Tokens a second. A model that nobody planned for shows here first.",
          [("sum by (model) (rate(latchkey_tokens_total{<route>}[rate]))", "{{model}}")], "short", w=12),
]

BUSINESS = [
    row("In this range"),
    stat("Requests", "Of all owners together. Set the range above to the period you report on.",
         "sum(increase(latchkey_owner_requests_total{<node>}[$__range])) or vector(0)", w=3),
    stat("Owners", "Owners with at least one request.",
         "count(sum by (owner) (increase(latchkey_owner_requests_total{<node>}[$__range])) > 0) or vector(0)", w=3),
    stat("Tokens", "Tokens that models read and wrote.",
         "sum(increase(latchkey_tokens_total{<route>}[$__range])) or vector(0)", w=3),
    stat("Cost", "Estimated from the prices in the routes, in their currency.",
         "sum(increase(token_usage_cost_est{<route>}[$__range])) or vector(0)", "none", w=4, decimals=2),
    stat("Budgets spent", "Budgets of keys that were used up in this range. The log says whose.",
         'sum(increase(latchkey_budget_reached_total{<node>, percent="100"}[$__range])) or vector(0)', w=3,
         docs="runbooks/keys.md"),
    stat("Cost of 30 days", "The last day thirty times. Compare it with the budget.",
         "30 * sum(increase(token_usage_cost_est{<route>}[1d])) or vector(0)", "none", w=4, decimals=2),
    stat("Success", "Share of requests that were not answered with 5xx: what was promised is 99.9 %.",
         f"1 - {share(requests('5..', '$__range'), requests(window='$__range'))}",
         "percentunit", below(0.99, 0.999), w=4, decimals=3),
    row("Owners"),
    graph("Requests by owner", "The ten busiest. A step up is a new use; a step to nothing is a caller that broke.",
          [("topk(10, sum by (owner) (rate(latchkey_owner_requests_total{<node>}[rate])))", "{{owner}}")], "reqps",
          stack=True, w=16, h=9),
    table("Usage by owner", "Requests in the range of this page.",
          [("sort_desc(sum by (owner) (increase(latchkey_owner_requests_total{<node>}[$__range])))", "Requests")],
          w=8, h=9),
    graph("Share of the largest owner", "Near 1 the gateway serves one team: its limits are everyone's weather.",
          "max(sum by (owner) (rate(latchkey_owner_requests_total{<node>}[rate]))) / "
          "clamp_min(sum(rate(latchkey_owner_requests_total{<node>}[rate])), 1e-9)", "percentunit"),
    graph("Requests by route", "What the owners use.",
          [("topk(10, sum by (route) (rate(latchkey_request_seconds_count{<route>}[rate])))", "{{route}}")], "reqps",
          stack=True),
    graph("Refused by limits", "Callers that want more than they may. Steady: talk about a larger quota.",
          [("topk(10, sum by (policy) (rate(latchkey_limited_total{<route>}[rate])))", "{{policy}}")], "reqps"),
    row("AI"),
    graph("Daily cost", "Of the day before each bar's end, by route. A bar twice its neighbours wants a look.",
          [("sum by (route) (increase(token_usage_cost_est{<route>}[1d]))", "{{route}}")], "none", bars=True,
          interval="1d", stack=True, w=12),
    graph("Daily cost by model", "The same by model. A dearer model that grows: was that meant?",
          [("sum by (model) (increase(token_usage_cost_est{<route>}[1d]))", "{{model}}")], "none", bars=True,
          interval="1d", stack=True, w=12),
    graph("Refused by budgets", "Calls of keys that had spent their budget, by route.",
          [("sum by (route) (rate(latchkey_budget_refused_total{<route>}[rate]))", "{{route}}")], "reqps", w=12),
    graph("Budgets reached", "Keys that spent 50, 80 or 100 % of a budget, in the hour before each bar's end.",
          [("sum by (budget, percent) (increase(latchkey_budget_reached_total{<node>}[1h]))", "{{budget}} {{percent}} %")],
          "short", bars=True, interval="1h", stack=True, w=12),
    graph("Tokens an hour", "Of the hour before each bar's end, by model.",
          [("sum by (model) (increase(latchkey_tokens_total{<route>}[1h]))", "{{model}}")], "short", bars=True,
          interval="1h", stack=True, w=12),
    graph("Cost of 1,000 tokens", "By model. A step without a change of price: the mix of reading and writing moved.",
          [("1000 * sum by (model) (increase(token_usage_cost_est{<route>}[1h])) / "
            "(sum by (model) (increase(latchkey_tokens_total{<route>}[1h])) > 0)", "{{model}}")], "none", w=12),
]

ROTATE = "runbooks/key-rotation.md"
# Refusals do not know their route, so neither may what they are a share of.
EVERY = "sum(rate(latchkey_request_seconds_count{<node>}[rate]))"
KEYS = [
    row("Now"),
    stat("Rotations begun", "In the range of this page.",
         'sum(increase(latchkey_rotations_total{<node>, act="begun"}[$__range]))', docs=ROTATE, decimals=0),
    stat("Overdue", "Keys whose rotation is overdue by their own rotateEvery. GET /admin/keys?overdue=true names them.",
         "max(latchkey_keys_rotation_overdue{<node>})", "short", (("yellow", 1),), docs="runbooks/keys.md"),
    stat("Left behind", "Refusals a second of secrets whose overlap is over. More than 0: a caller did not switch.",
         'sum(rate(latchkey_refusals_total{<node>, code="key-superseded"}[rate]))', "reqps", (("red", 0.001),),
         docs="runbooks/keys.md"),
    stat("Live nodes", "Nodes that may serve, as they see each other. Other than what you run: one died silently.",
         'max(latchkey_nodes{<node>, state="live"})', "short", below(1, 2)),
    stat("Lagging nodes", "Live nodes that have not applied the latest change. GET /admin/nodes names them.",
         'max(latchkey_nodes{<node>, state="lagging"})', "short", any_is_red(), docs="runbooks/keys.md"),
    stat("Propagation, p99", "Of a change of a key to every node, in the range of this page. The promise is 250 ms.",
         quantile(0.99, "latchkey_key_propagation_seconds", "<node>", window="$__range"), "s", above(0.2, 0.25),
         docs="runbooks/keys.md"),
    stat("Epoch lag", "The slowest node. Over 5 s it asks Redis for each key, or lives on its grace.",
         "max(latchkey_node_epoch_lag_seconds{<node>})", "s", above(2, 5), docs="runbooks/keys.md"),
    stat("Failed", "Share of requests without a working key.",
         share(f'sum(rate(latchkey_refusals_total{{<node>, code=~"{FAILED_KEY}"}}[rate]))', EVERY),
         "percentunit", above(0.05, 0.2)),
    row("Rotation"),
    graph("Rotations by act", "Each begun wants its finished. Many extended or rolled-back: overlaps are too short.",
          [("sum by (act) (increase(latchkey_rotations_total{<node>}[rate]))", "{{act}}")], "short", bars=True,
          docs=ROTATE),
    graph("Callers left behind", "key-superseded: the overlap is over and somebody still sends the old secret. A "
          "line that begins at a deadline is one caller to find: the evidence of the rotation names its address.",
          'sum(rate(latchkey_refusals_total{<node>, code="key-superseded"}[rate]))', "reqps", (("red", 0.001),),
          docs="runbooks/keys.md"),
    graph("Overdue keys", "Should fall to 0 after a round of rotations.",
          "max(latchkey_keys_rotation_overdue{<node>})", "short", (("yellow", 1),), docs="runbooks/keys.md"),
    row("Reaching every node"),
    graph("Propagation", "From a change in Redis to its being applied. p50 below 50 ms, p99 below 250 ms; no line "
          "where no key changed.",
          [(quantile(q, "latchkey_key_propagation_seconds", "<node>", window="5m"), name)
           for q, name in ((0.5, "p50"), (0.99, "p99"))], "s", above(0.05, 0.25), docs="runbooks/keys.md"),
    graph("Epoch lag by node", "Time since a node last knew that it had every change. It looks each second.",
          [("latchkey_node_epoch_lag_seconds{<node>}", "{{instance}}")], "s", above(2, 5), docs="runbooks/keys.md"),
    graph("Nodes", "live as the nodes see each other, lagging among them, answering the scrape. live above answering "
          "for longer than the grace: a node still serves that you do not watch.",
          [('max by (state) (latchkey_nodes{<node>})', "{{state}}"),
           ("count(latchkey_requests_in_flight{<node>})", "answering")], docs="runbooks/keys.md"),
    row("Limits"),
    graph("Limits used up", "Calls refused, by route and policy. A rise on one route: callers grew, or it is too low.",
          [("topk(10, sum by (route, policy) (rate(latchkey_limited_total{<route>}[rate])))",
            "{{route}} {{policy}}")], "reqps", w=6),
    graph("Shadow limits", "Calls that a shadow limit would have refused. It should be 0 before you enforce it.",
          [("topk(10, sum by (route, policy) (rate(latchkey_limit_shadow_total{<route>}[rate])))",
            "{{route}} {{policy}}")], "reqps", w=6),
    graph("Degraded limits", "Calls decided by a node's share alone, because Redis did not answer.",
          [("sum by (instance) (rate(latchkey_limits_degraded_total{<node>}[rate]))", "{{instance}}")], "reqps",
          (("red", 0.001),), w=6, docs="runbooks/redis.md"),
    graph("Redis calls per request", "To count limits. Near 1: limits are exact, or their quotas small.",
          share("sum(rate(latchkey_limit_store_calls_total{<node>}[rate]))", EVERY), "short", above(0.5, 1), w=6),
    row("Authentication"),
    graph("Failed by code", "key-unknown rising: somebody guesses, or a wrong secret was distributed. key-revoked: a "
          "revoked key is still in use.",
          [(f'sum by (code) (rate(latchkey_refusals_total{{<node>, code=~"{FAILED_KEY}"}}[rate]))', "{{code}}")],
          "reqps", docs="errors.md"),
    graph("Not allowed", "A working key without the scope, the address or the role.",
          [('sum by (code) (rate(latchkey_refusals_total{<node>, code=~"scope-missing|address-not-allowed|'
            'role-missing"}[rate]))', "{{code}}")], "reqps", docs="errors.md"),
    graph("Operators refused", "Admin tokens that were missing or wrong. A burst from nowhere: look at the addresses "
          "in the log.",
          [('sum by (code) (rate(latchkey_refusals_total{<node>, code=~"admin-token-.*"}[rate]))', "{{code}}")],
          "reqps", (("red", 1),), docs="logs.md"),
    graph("Keys that could not be checked", "auth-store-unavailable: Redis is gone and the grace does not cover the "
          "key. store-unavailable: a change could not be confirmed.",
          [('sum by (code) (rate(latchkey_refusals_total{<node>, code=~"(auth-)?store-unavailable"}[rate]))',
            "{{code}}")], "reqps", (("red", 0.001),), w=12, docs="runbooks/redis.md"),
    graph("Guesses of all", "Share of requests with a key that does not exist or cannot be one.",
          share('sum(rate(latchkey_refusals_total{<node>, code=~"key-(malformed|unknown)"}[rate]))', EVERY),
          "percentunit", above(0.05, 0.2), w=12),
]

DASHBOARDS = {
    "latchkey-health": ("Latchkey: System Health", "Does it serve, and if not, where does it hurt?", "6h", HEALTH),
    "latchkey-agents": ("Latchkey: Agent Performance", "Which route or server is slow, failing or full?", "6h", AGENTS),
    "latchkey-business": ("Latchkey: Business Overview", "Who uses it, and what does it cost?", "7d", BUSINESS),
    "latchkey-keys": ("Latchkey: Keys & Rotation", "Do keys rotate without anybody noticing?", "24h", KEYS),
}
