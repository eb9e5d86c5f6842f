package io.latchkey.keys;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.latchkey.store.Redis;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.springframework.stereotype.Component;

/** Who used the secrets of an owner's keys, and when. */
@Component
final class CallersOfOwner implements KeptAboutOwner {
    private final Evidence evidence;
    private final Redis redis;

    CallersOfOwner(Evidence evidence, Redis redis) {
        this.evidence = evidence;
        this.redis = redis;
    }

    /** One caller of one secret. */
    record Caller(
            String keyId, String secretId, @JsonUnwrapped Evidence.Seen seen) {}

    @Override
    public String kind() {
        return "caller";
    }

    @Override
    public Stream<Caller> of(String owner, List<Key> keys) {
        return keys.stream()
                .flatMap(key -> key.secrets().stream()
                        .flatMap(secret -> evidence.callers(key.id(), secret.id()).stream()
                                .map(seen -> new Caller(key.id(), secret.id(), seen))));
    }

    /** And what is kept of the rotations in which they were seen. */
    @Override
    public void forget(String owner, List<Key> keys) {
        for (Key key : keys) {
            List<String> names = new ArrayList<>(List.of("used:" + key.id(), "rotations:" + key.id()));
            key.secrets().forEach(secret -> names.add("callers:" + key.id() + ':' + secret.id()));
            redis.onAdmin(commands -> commands.del(
                    names.stream().map(name -> KeyStore.PREFIX + name).toArray(String[]::new)));
        }
    }
}
