package io.latchkey.store;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.event.EventListener;
import org.springframework.context.support.GenericApplicationContext;

/** An application that is nothing but the store, on an embedded Redis or one by URL. */
final class StoreApp implements AutoCloseable {
    private final ConfigurableApplicationContext context;

    private StoreApp(List<String> arguments, Consumer<StoreReady> whenReady) {
        context = new SpringApplicationBuilder(StoreConfiguration.class)
                .web(WebApplicationType.NONE)
                .initializers(fresh -> ((GenericApplicationContext) fresh)
                        .registerBean("whenReady", Listener.class, () -> new Listener(whenReady)))
                .run(arguments.toArray(String[]::new));
    }

    static StoreApp embedded(Path data, String... more) {
        return start("--latchkey.store.data-dir=" + data, ready -> {}, more);
    }

    static StoreApp on(String url, String... more) {
        return start("--latchkey.store.redis-url=" + url, ready -> {}, more);
    }

    static StoreApp start(String argument, Consumer<StoreReady> whenReady, String... more) {
        List<String> arguments = new ArrayList<>(List.of(more));
        arguments.add(argument);
        return new StoreApp(arguments, whenReady);
    }

    <T> T get(Class<T> type) {
        return context.getBean(type);
    }

    Redis redis() {
        return get(Redis.class);
    }

    ConfigurableApplicationContext context() {
        return context;
    }

    @Override
    public void close() {
        context.close();
    }

    record Listener(Consumer<StoreReady> whenReady) {
        @EventListener
        void on(StoreReady ready) {
            whenReady.accept(ready);
        }
    }
}
