package io.latchkey.store;

import io.latchkey.problems.Problems;
import io.latchkey.problems.Refusal;
import io.latchkey.problems.Refused;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;

/** What an operator is told when an act could not reach Redis. */
@RestControllerAdvice
@Order(Ordered.HIGHEST_PRECEDENCE)
class StoreAdvice {
    private static final Duration RETRY = Duration.ofSeconds(1);

    private final Problems problems;

    StoreAdvice(Problems problems) {
        this.problems = problems;
    }

    @ExceptionHandler(StoreUnavailable.class)
    void unavailable(StoreUnavailable e, HttpServletRequest request, HttpServletResponse response) throws IOException {
        problems.answer(
                request,
                response,
                new Refused(Refusal.STORE_UNAVAILABLE, Refusal.STORE_UNAVAILABLE.meaning(), e).retryAfter(RETRY));
    }
}
