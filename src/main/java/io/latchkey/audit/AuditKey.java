package io.latchkey.audit;

import io.latchkey.store.Peppers;
import io.latchkey.store.Redis;
import io.latchkey.store.StartRefused;
import io.latchkey.store.StoreReady;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.springframework.context.event.EventListener;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;

/**
 * The key that signs the chain: random, kept in Redis, sealed under each pepper that is in use.
 *
 * <p>So whoever reads Redis cannot forge an entry, and a change of pepper leaves old entries verifiable.
 */
@Component
class AuditKey {
    private static final String SEALED = "{api_keys:valid}:audit:key:";
    private static final int IV_BYTES = 12;

    private final Redis redis;
    private final Peppers peppers;
    private final SecureRandom random = new SecureRandom();
    private volatile byte @Nullable [] key;

    AuditKey(Redis redis, Peppers peppers) {
        this.redis = redis;
        this.peppers = peppers;
    }

    byte[] bytes() {
        byte[] bytes = key;
        if (bytes == null) {
            throw new IllegalStateException("the audit key is read when the store is ready");
        }
        return bytes;
    }

    @EventListener
    @Order(10)
    void read(StoreReady ready) {
        byte[] opened = open();
        if (opened == null) {
            opened = keptOrMade();
            // Of two nodes that start at once, the second opens what the first one sealed.
            String sealed = Base64.getEncoder().encodeToString(seal(opened, peppers.current()));
            redis.onAdmin(c -> c.setnx(SEALED + "first", sealed));
            opened = unseal(Base64.getDecoder().decode(redis.<String>onAdmin(c -> c.get(SEALED + "first"))));
        }
        if (opened == null) {
            throw new StartRefused(
                    "the audit log is sealed with a pepper that this node does not hold",
                    "Set LATCHKEY_PEPPER_PREVIOUS to the pepper that was in use before.");
        }
        String sealed = Base64.getEncoder().encodeToString(seal(opened, peppers.current()));
        redis.onAdmin(c -> c.setnx(SEALED + peppers.current().id(), sealed));
        key = opened;
    }

    /** A store that was emptied gets the key back that all nodes still sign with. */
    private byte[] keptOrMade() {
        byte[] kept = key;
        if (kept != null) {
            return kept;
        }
        byte[] made = new byte[32];
        random.nextBytes(made);
        return made;
    }

    private byte @Nullable [] open() {
        for (Peppers.Pepper pepper : peppers.held()) {
            String sealed = redis.onAdmin(c -> c.get(SEALED + pepper.id()));
            if (sealed != null) {
                return unseal(Base64.getDecoder().decode(sealed));
            }
        }
        return null;
    }

    private byte[] seal(byte[] plain, Peppers.Pepper pepper) {
        byte[] iv = new byte[IV_BYTES];
        random.nextBytes(iv);
        try {
            byte[] box = cipher(Cipher.ENCRYPT_MODE, pepper, iv).doFinal(plain);
            byte[] sealed = new byte[IV_BYTES + box.length];
            System.arraycopy(iv, 0, sealed, 0, IV_BYTES);
            System.arraycopy(box, 0, sealed, IV_BYTES, box.length);
            return sealed;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private byte @Nullable [] unseal(byte[] sealed) {
        byte[] iv = Arrays.copyOf(sealed, IV_BYTES);
        for (Peppers.Pepper pepper : peppers.held()) {
            try {
                return cipher(Cipher.DECRYPT_MODE, pepper, iv).doFinal(sealed, IV_BYTES, sealed.length - IV_BYTES);
            } catch (GeneralSecurityException notThisPepper) {
                // The next one may open it; none = null.
            }
        }
        return null;
    }

    private static Cipher cipher(int mode, Peppers.Pepper pepper, byte[] iv) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, new SecretKeySpec(pepper.derive("audit-key"), "AES"), new GCMParameterSpec(128, iv));
        return cipher;
    }
}
