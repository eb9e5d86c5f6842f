package io.latchkey.observability;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** A protobuf message as its bytes say it: values by field number. */
record Protobuf(Map<Integer, List<Object>> fields) {
    static Protobuf read(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        Map<Integer, List<Object>> fields = new TreeMap<>();
        while (in.hasRemaining()) {
            long tag = varint(in);
            Object value = switch ((int) (tag & 7)) {
                case 0 -> varint(in);
                case 1 -> in.getLong();
                case 2 -> {
                    byte[] piece = new byte[(int) varint(in)];
                    in.get(piece);
                    yield piece;
                }
                case 5 -> (long) in.getInt();
                default -> throw new IllegalArgumentException("wire type of tag " + tag);
            };
            fields.computeIfAbsent((int) (tag >>> 3), number -> new ArrayList<>())
                    .add(value);
        }
        return new Protobuf(fields);
    }

    private static long varint(ByteBuffer in) {
        long value = 0;
        for (int shift = 0; ; shift += 7) {
            byte b = in.get();
            value |= (long) (b & 0x7f) << shift;
            if (b >= 0) {
                return value;
            }
        }
    }

    private List<Object> values(int number) {
        return fields.getOrDefault(number, List.of());
    }

    List<Protobuf> messages(int number) {
        return values(number).stream().map(value -> read((byte[]) value)).toList();
    }

    /** Empty when there is none. */
    String hex(int number) {
        return values(number).stream()
                .map(value -> HexFormat.of().formatHex((byte[]) value))
                .collect(Collectors.joining());
    }

    String text(int number) {
        return new String((byte[]) values(number).getFirst(), StandardCharsets.UTF_8);
    }

    /** 0 when there is none. */
    long number(int number) {
        return values(number).stream().mapToLong(value -> (Long) value).sum();
    }
}
