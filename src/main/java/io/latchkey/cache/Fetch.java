package io.latchkey.cache;

import io.latchkey.cache.Filling.Verdict;
import io.latchkey.cache.Flights.Landing;
import io.latchkey.cache.Library.Find;
import io.latchkey.problems.Refused;
import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.eclipse.jetty.http.HttpDateTime;
import org.jspecify.annotations.Nullable;

/** One question to the upstream: for a new answer, or whether the one at hand still holds. */
final class Fetch implements Filling.Judge {
    private static final int NOT_MODIFIED = 304;
    private static final int MOST_TAGS = 16;

    private final Visit visit;
    private final Find find;
    private final Library library;
    private final Buffers buffers;
    private final InstantSource time;
    private final Consumer<Landing> landing;

    private long sentAt;
    private long receivedAt;
    private Head head = new Head(0, List.of());
    private @Nullable Terms terms;
    private Buffers.@Nullable Recording recording;
    private boolean askedAnew;
    private boolean settled;

    Fetch(Visit visit, Find find, Library library, Buffers buffers, InstantSource time, Consumer<Landing> landing) {
        this.visit = visit;
        this.find = find;
        this.library = library;
        this.buffers = buffers;
        this.time = time;
        this.landing = landing;
    }

    Outcome run() throws IOException {
        Filling filling = new Filling(visit.response(), this);
        sentAt = time.millis();
        try {
            visit.fill().forward(conditions(), visit.request(), filling);
            filling.finish();
            return filling.hasPassed() ? passed() : swallowed();
        } catch (Refused refused) {
            landing.accept(new Landing.Failed(refused, 0));
            if (filling.isAnswered()) {
                return Outcome.MISS;
            }
            if (!Rescue.isFailure(refused)
                    || filling.hasPassed()
                    || visit.response().isCommitted()) {
                throw refused;
            }
            return Rescue.of(visit, find.answer(), time.millis(), refused);
        } finally {
            if (recording != null) {
                recording.close();
            }
        }
    }

    /** In place of the caller's own; an empty value takes a header away. */
    private Map<String, String> conditions() {
        Map<String, String> conditions = new LinkedHashMap<>();
        StoredAnswer at = find.answer();
        askedAnew = at != null && at.canBeAskedAnew();
        // Nothing is kept of HEAD: then the caller's own conditions do no harm.
        if (visit.ask().isConditional() && (askedAnew || !visit.ask().isHead())) {
            conditions.put("If-None-Match", "");
            conditions.put("If-Modified-Since", "");
        }
        if (at != null && at.etag() != null) {
            conditions.put("If-None-Match", at.etag());
        }
        if (at != null && at.lastModified() != null) {
            conditions.put("If-Modified-Since", at.lastModified());
        }
        return conditions;
    }

    @Override
    public Verdict judge(Head answered, long length) {
        receivedAt = time.millis();
        head = answered;
        if (askedAnew && head.status() == NOT_MODIFIED) {
            return Verdict.SWALLOWED;
        }
        if (Rescue.canReplace(visit, find.answer(), receivedAt, head.status())) {
            return Verdict.SWALLOWED;
        }
        terms = visit.ask().isHead() ? null : Terms.of(head, visit.caching(), visit.ask(), receivedAt);
        if (terms != null) {
            recording = buffers.open(visit.caching().largest().toBytes(), length);
        }
        boolean kept = recording != null;
        if (!kept) {
            // Nobody should wait for the end of what only this caller gets.
            lost();
        }
        boolean held = kept && visit.ask().holds(head);
        return new Verdict(true, held ? NOT_MODIFIED : 0, why() + (kept ? "; stored" : ""), recording);
    }

    @Override
    public void lost() {
        landing.accept(new Landing.Alone(head.status() < 500));
    }

    private String why() {
        if (find.answer() != null) {
            return visit.ask().wantsNewest() ? "fwd=request" : "fwd=stale";
        }
        return !find.forks().isEmpty() ? "fwd=vary-miss" : "fwd=uri-miss";
    }

    /** So that a caller who has the answer, and asks once more, finds it kept. */
    @Override
    public void complete() {
        settle();
    }

    private Outcome passed() {
        settle();
        return Outcome.MISS;
    }

    private void settle() {
        if (settled) {
            return;
        }
        settled = true;
        byte[] body = recording == null ? null : recording.whole();
        if (terms == null || body == null) {
            lost();
        } else {
            keep(head, body, terms);
        }
    }

    private void keep(Head kept, byte[] body, Terms on) {
        StoredAnswer answer = library.keep(visit.place(on), visit.ask(), find, answer(kept, body, on));
        boolean useful = answer.isFresh(time.millis());
        landing.accept(
                useful
                        ? new Landing.Kept(visit.place(on).fork(answer.vary(), visit.ask()), answer)
                        : new Landing.Alone(true));
    }

    private Outcome swallowed() throws IOException {
        StoredAnswer at = find.answer();
        if (head.status() != NOT_MODIFIED || at == null) {
            landing.accept(new Landing.Failed(null, head.status()));
            return Rescue.of(visit, at, receivedAt, head.status());
        }
        String tag = head.first("ETag");
        if (tag != null && at.etag() != null && !Ask.matches(tag, at.etag())) {
            // It speaks of an answer that is not here.
            return new Fetch(visit.again(), find.withoutAnswer(), library, buffers, time, landing).run();
        }
        Head merged = merged(at.head(), head);
        Terms on = Terms.of(merged, visit.caching(), visit.ask(), receivedAt);
        if (on == null) {
            landing.accept(new Landing.Alone(true));
            on = at.terms();
        } else {
            keep(merged, at.body(), on);
        }
        Reply.stored(
                answer(merged, at.body(), on),
                visit.ask(),
                visit.response(),
                time.millis(),
                (visit.ask().wantsNewest() ? "fwd=request" : "fwd=stale") + "; fwd-status=304");
        return Outcome.REVALIDATED;
    }

    /** RFC 9111, 3.2: what the newer head says, but for what describes the body that it did not bring. */
    private static Head merged(Head old, Head news) {
        List<Field> fields = new ArrayList<>();
        for (Field field : old.fields()) {
            // Without a Date the newer head is of now, not of then.
            boolean replaced = news.has(field.name()) || field.name().equalsIgnoreCase("Date");
            if (ofTheBody(field) || !replaced) {
                fields.add(field);
            }
        }
        for (Field field : news.fields()) {
            if (!ofTheBody(field)) {
                fields.add(field);
            }
        }
        return new Head(old.status(), fields);
    }

    private static boolean ofTheBody(Field field) {
        return field.name().regionMatches(/* ignoreCase= */ true, 0, "Content-", 0, 8)
                && !field.name().equalsIgnoreCase("Content-Location")
                && !field.name().equalsIgnoreCase("Content-Security-Policy");
    }

    private StoredAnswer answer(Head kept, byte[] body, Terms on) {
        long date = Terms.millis(kept.first("Date"));
        long apparent = date < 0 ? 0 : Math.max(0, receivedAt - date);
        long said = Math.max(0, Directives.of("age=" + kept.first("Age")).seconds("age")) * 1000;
        List<Field> fields = new ArrayList<>(kept.fields());
        fields.removeIf(field -> field.name().equalsIgnoreCase("Age"));
        if (date < 0) {
            fields.removeIf(field -> field.name().equalsIgnoreCase("Date"));
            fields.add(new Field("Date", HttpDateTime.format(Instant.ofEpochMilli(receivedAt)), false));
        }
        List<String> vary = Vary.of(kept);
        return new StoredAnswer(
                new Head(kept.status(), fields),
                body,
                on,
                receivedAt,
                Math.max(apparent, said + (receivedAt - sentAt)),
                vary == null ? List.of() : vary,
                tags(kept),
                0,
                "");
    }

    private List<String> tags(Head kept) {
        List<String> tags = new ArrayList<>(visit.caching().tags());
        String said = kept.joined("Cache-Tag");
        if (said != null) {
            for (String tag : said.split(",", MOST_TAGS + 1)) {
                if (tags.size() < visit.caching().tags().size() + MOST_TAGS) {
                    tags.add(tag.strip());
                }
            }
        }
        return tags;
    }
}
