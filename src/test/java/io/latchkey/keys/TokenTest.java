package io.latchkey.keys;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

/** The form of a token: what is made parses, and what was altered does not. */
class TokenTest {
    private static final String DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private static final String LOWER = "0123456789abcdefghijklmnopqrstuvwxyz";

    private final long seed = new Random().nextLong();
    private final Random random = new Random(seed);

    private String text(String alphabet, int length) {
        StringBuilder out = new StringBuilder();
        while (out.length() < length) {
            out.append(alphabet.charAt(random.nextInt(alphabet.length())));
        }
        return out.toString();
    }

    private String keyId() {
        return text(DIGITS, 1 + random.nextInt(32));
    }

    private String token() {
        return Token.mint(text(LOWER, 1 + random.nextInt(16)), keyId(), random);
    }

    /** Written from the specification, not from the code under test. */
    static String crc(String body) {
        CRC32 crc = new CRC32();
        crc.update(body.getBytes(StandardCharsets.US_ASCII));
        StringBuilder out = new StringBuilder();
        for (long rest = crc.getValue(); out.length() < 6; rest /= 62) {
            out.insert(0, DIGITS.charAt((int) (rest % 62)));
        }
        return out.toString();
    }

    private static boolean refused(String text) {
        return Token.parse(text) == null;
    }

    @Test
    void madeTokensHaveTheDocumentedFormAndNameTheirKey() {
        for (int i = 0; i < 1_000; i++) {
            String env = text(LOWER, 1 + random.nextInt(16));
            String keyId = keyId();
            String token = Token.mint(env, keyId, random);
            assertThat(token).as("seed %d", seed).matches("lk_" + env + "_" + keyId + "_[0-9A-Za-z]{27}[0-9A-Za-z]{6}");
            assertThat(token).endsWith(crc(token.substring(0, token.length() - 6)));
            assertThat(Token.parse(token)).as("seed %d, %s", seed, token).isEqualTo(new Token(keyId));
            assertThat(Token.last4(token)).isEqualTo(token.substring(token.length() - 4));
        }
    }

    @Test
    void theSecretPartHoldsAtLeast160RandomBits() {
        Set<String> secrets = new HashSet<>();
        Set<Character> first = new HashSet<>();
        Set<Character> last = new HashSet<>();
        String start = "lk_live_k_";
        for (int i = 0; i < 5_000; i++) {
            String token = Token.mint("live", "k", random);
            String secret = token.substring(start.length(), token.length() - 6);
            assertThat(secret.length() * Math.log(62) / Math.log(2)).isGreaterThanOrEqualTo(160);
            secrets.add(secret);
            first.add(secret.charAt(0));
            last.add(secret.charAt(secret.length() - 1));
        }
        assertThat(secrets).as("seed %d", seed).hasSize(5_000);
        assertThat(first).as("seed %d", seed).hasSize(62);
        assertThat(last).as("seed %d", seed).hasSize(62);
    }

    @Test
    void everyChangeOfOneCharacterIsRefused() {
        for (int i = 0; i < 20; i++) {
            String token = token();
            for (int at = 3; at < token.length(); at++) {
                for (char c = 0x20; c < 0x7f; c++) {
                    String changed = token.substring(0, at) + c + token.substring(at + 1);
                    assertThat(refused(changed))
                            .as("seed %d, %s", seed, changed)
                            .isEqualTo(c != token.charAt(at));
                }
            }
        }
    }

    @Test
    void aTokenWithoutItsPrefixIsALegacyStringThatNamesNoKey() {
        String token = token();
        assertThat(Token.parse("mk_" + token.substring(3))).isEqualTo(new Token(null));
        assertThat(Token.parse("LK_" + token.substring(3))).isEqualTo(new Token(null));
        assertThat(Token.parse(token.substring(1))).isEqualTo(new Token(null));
    }

    @Test
    void everyCutAndEveryMissingOrDoubledOrSwappedCharacterIsRefused() {
        for (int i = 0; i < 50; i++) {
            String token = token();
            for (int at = 3; at < token.length(); at++) {
                assertThat(refused(token.substring(0, at)))
                        .as("seed %d, cut %s", seed, token)
                        .isTrue();
                String without = token.substring(0, at) + token.substring(at + 1);
                assertThat(refused(without)).as("seed %d, %s", seed, without).isTrue();
                String doubled = token.substring(0, at) + token.charAt(at) + token.substring(at);
                assertThat(refused(doubled)).as("seed %d, %s", seed, doubled).isTrue();
                if (at + 1 < token.length() && token.charAt(at) != token.charAt(at + 1)) {
                    String swapped =
                            token.substring(0, at) + token.charAt(at + 1) + token.charAt(at) + token.substring(at + 2);
                    assertThat(refused(swapped))
                            .as("seed %d, %s", seed, swapped)
                            .isTrue();
                }
            }
            assertThat(refused(token + "0")).isTrue();
            assertThat(refused(token + " ")).isTrue();
            assertThat(refused(token + "\n")).isTrue();
        }
    }

    @Test
    void aRightChecksumDoesNotExcuseAWrongForm() {
        String secret = text(DIGITS, 27);
        for (String body : new String[] {
            "lk__key_" + secret,
            "lk_Live_key_" + secret,
            "lk_li-ve_key_" + secret,
            "lk_" + "e".repeat(17) + "_key_" + secret,
            "lk_live__" + secret,
            "lk_live_ke-y_" + secret,
            "lk_live_" + "k".repeat(33) + "_" + secret,
            "lk_live_key_" + secret.substring(1),
            "lk_live_key_" + secret.substring(1) + "_",
            "lk_live_key" + secret,
        }) {
            assertThat(refused(body + crc(body))).as(body).isTrue();
        }
        assertThat(refused("lk_live_key_" + secret + crc("lk_live_key_" + secret)))
                .isFalse();
    }

    @Test
    void legacyStringsAre8To256PrintableCharacters() {
        assertThat(refused("a".repeat(7))).isTrue();
        assertThat(Token.parse("a".repeat(8))).isEqualTo(new Token(null));
        assertThat(Token.parse(" ~!\"#$%&'()*+,-./:;<=>?@[\\]^`{|}")).isEqualTo(new Token(null));
        assertThat(Token.parse("a".repeat(256))).isEqualTo(new Token(null));
        assertThat(refused("a".repeat(257))).isTrue();
        assertThat(refused("a".repeat(100_000))).isTrue();
        assertThat(refused("")).isTrue();
        for (String odd :
                new String[] {"\t", "\n", "\r", "\0", "\u007f", "\u0080", "é", "€", "\ud83d\udd11", "\ud800"}) {
            assertThat(refused("legacy-" + odd + "-key")).as(odd).isTrue();
        }
    }

    @Test
    void whatStartsLikeOursButDoesNotParseIsNoLegacyString() {
        for (String text :
                new String[] {"lk_12345", "lk_live_key_secret", "lk______________", "lk_" + "a".repeat(200)}) {
            assertThat(refused(text)).as(text).isTrue();
        }
    }
}
