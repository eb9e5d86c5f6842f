package io.latchkey.cache;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A slot as bytes in Redis, held in a string of which each character is one byte. */
final class SlotBytes {
    /** Changes with the form: nodes of two versions over one Redis do not read each other's. */
    private static final int FORM = 1;

    private static final int ANSWER = 'a';
    private static final int FORK = 'f';
    private static final int MOST = 10_000;

    private SlotBytes() {}

    static String write(Slot slot) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(slot.weight());
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeByte(FORM);
            switch (slot) {
                case Slot.Fork fork -> {
                    out.writeByte(FORK);
                    out.writeUTF(fork.epoch());
                    strings(out, fork.names());
                }
                case StoredAnswer answer -> {
                    out.writeByte(ANSWER);
                    answer(out, answer);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toString(StandardCharsets.ISO_8859_1);
    }

    private static void answer(DataOutputStream out, StoredAnswer answer) throws IOException {
        out.writeUTF(answer.epoch());
        Terms terms = answer.terms();
        out.writeLong(terms.lifetime());
        out.writeLong(terms.onError());
        out.writeLong(terms.whileRevalidating());
        out.writeBoolean(terms.neverStale());
        out.writeBoolean(terms.alwaysAsk());
        out.writeBoolean(terms.open());
        out.writeBoolean(terms.shareable());
        out.writeLong(answer.receivedAt());
        out.writeLong(answer.initialAge());
        out.writeLong(answer.purge());
        strings(out, answer.vary());
        strings(out, answer.tags());
        out.writeShort(answer.head().status());
        out.writeShort(answer.head().fields().size());
        for (Field field : answer.head().fields()) {
            string(out, field.name());
            string(out, field.value());
            out.writeBoolean(field.more());
        }
        out.writeInt(answer.body().length);
        out.write(answer.body());
    }

    /** Null for what was written in another form, or is no slot. */
    static @Nullable Slot read(@Nullable String text) {
        if (text == null) {
            return null;
        }
        try (DataInputStream in =
                new DataInputStream(new ByteArrayInputStream(text.getBytes(StandardCharsets.ISO_8859_1)))) {
            if (in.readByte() != FORM) {
                return null;
            }
            if (in.readByte() == FORK) {
                String epoch = in.readUTF();
                return new Slot.Fork(strings(in), epoch);
            }
            return answer(in);
        } catch (IOException | IllegalArgumentException e) {
            return null;
        }
    }

    private static StoredAnswer answer(DataInputStream in) throws IOException {
        String epoch = in.readUTF();
        Terms terms = new Terms(
                in.readLong(),
                in.readLong(),
                in.readLong(),
                in.readBoolean(),
                in.readBoolean(),
                in.readBoolean(),
                in.readBoolean());
        long receivedAt = in.readLong();
        long initialAge = in.readLong();
        long purge = in.readLong();
        List<String> vary = strings(in);
        List<String> tags = strings(in);
        int status = in.readShort();
        int count = count(in);
        List<Field> fields = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            fields.add(new Field(string(in), string(in), in.readBoolean()));
        }
        int length = in.readInt();
        byte[] body = in.readNBytes(length);
        if (body.length < length) {
            throw new IOException("ended early");
        }
        return new StoredAnswer(
                new Head(status, fields), body, terms, receivedAt, initialAge, vary, tags, purge, epoch);
    }

    private static void strings(DataOutputStream out, List<String> strings) throws IOException {
        out.writeShort(strings.size());
        for (String string : strings) {
            string(out, string);
        }
    }

    private static List<String> strings(DataInputStream in) throws IOException {
        int count = count(in);
        List<String> strings = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            strings.add(string(in));
        }
        return strings;
    }

    private static int count(DataInputStream in) throws IOException {
        int count = in.readShort();
        if (count < 0 || count > MOST) {
            throw new IOException("no count: " + count);
        }
        return count;
    }

    // Not UTF: a header's value may be longer than its 64 KiB.
    private static void string(DataOutputStream out, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static String string(DataInputStream in) throws IOException {
        int length = in.readInt();
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new IOException("ended early");
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
