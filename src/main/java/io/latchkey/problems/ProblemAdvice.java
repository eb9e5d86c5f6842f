package io.latchkey.problems;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.validation.ConstraintViolationException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.http.converter.HttpMessageNotReadableException;
import org.springframework.web.ErrorResponse;
import org.springframework.web.HttpRequestMethodNotSupportedException;
import org.springframework.web.bind.MethodArgumentNotValidException;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.method.annotation.MethodArgumentTypeMismatchException;
import tools.jackson.core.JacksonException;

/** Turns what Spring MVC and Jackson refuse into our own refusals. */
@RestControllerAdvice
class ProblemAdvice {
    private static final Logger LOG = LoggerFactory.getLogger(ProblemAdvice.class);

    private final Problems problems;

    ProblemAdvice(Problems problems) {
        this.problems = problems;
    }

    @ExceptionHandler(Refused.class)
    void refused(Refused e, HttpServletRequest request, HttpServletResponse response) throws IOException {
        problems.answer(request, response, e);
    }

    @ExceptionHandler(HttpMessageNotReadableException.class)
    void unreadable(HttpMessageNotReadableException e, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        if (e.getCause() instanceof JacksonException json) {
            json(json, request, response);
        } else {
            problems.answer(request, response, new Refused(Refusal.BAD_REQUEST, "The body is missing.", e));
        }
    }

    @ExceptionHandler(JacksonException.class)
    void json(JacksonException e, HttpServletRequest request, HttpServletResponse response) throws IOException {
        Refused refused = WrongField.of(e)
                .map(field -> fields(List.of(field), e))
                .orElseGet(() -> new Refused(Refusal.BAD_REQUEST, "The body is not valid JSON.", e));
        problems.answer(request, response, refused);
    }

    @ExceptionHandler(ConstraintViolationException.class)
    void violated(ConstraintViolationException e, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        List<WrongField> fields = e.getConstraintViolations().stream()
                .map(each -> new WrongField(each.getPropertyPath().toString(), each.getMessage()))
                .sorted((a, b) -> a.field().compareTo(b.field()))
                .toList();
        problems.answer(request, response, fields(fields, e));
    }

    @ExceptionHandler(MethodArgumentNotValidException.class)
    void invalid(MethodArgumentNotValidException e, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        List<WrongField> fields = e.getBindingResult().getFieldErrors().stream()
                .map(each -> new WrongField(each.getField(), String.valueOf(each.getDefaultMessage())))
                .sorted((a, b) -> a.field().compareTo(b.field()))
                .toList();
        problems.answer(request, response, fields(fields, e));
    }

    @ExceptionHandler(MethodArgumentTypeMismatchException.class)
    void mistyped(MethodArgumentTypeMismatchException e, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        problems.answer(request, response, fields(List.of(new WrongField(e.getName(), "has the wrong form")), e));
    }

    @ExceptionHandler(Exception.class)
    void framework(Exception e, HttpServletRequest request, HttpServletResponse response) throws Exception {
        if (!(e instanceof ErrorResponse answer)) {
            throw e;
        }
        Refusal refusal = Refusal.ofStatus(answer.getStatusCode().value());
        Refused refused = new Refused(refusal, refusal.meaning(), e);
        if (e instanceof HttpRequestMethodNotSupportedException method && method.getSupportedMethods() != null) {
            refused.header(HttpHeaders.ALLOW, String.join(", ", method.getSupportedMethods()));
        }
        if (refusal.status() >= HttpServletResponse.SC_INTERNAL_SERVER_ERROR) {
            // Here, for nobody else hears of it: thrown again, Spring would answer it in its own way.
            LOG.atError().setCause(e).log("Spring MVC failed");
        }
        problems.answer(request, response, refused);
    }

    private static Refused fields(List<WrongField> fields, Exception cause) {
        String detail = fields.stream()
                .map(each -> each.field() + ": " + each.message())
                .collect(Collectors.joining("; "));
        List<Map<String, String>> errors = fields.stream()
                .map(each -> Map.of("field", each.field(), "message", each.message()))
                .toList();
        return new Refused(Refusal.BAD_REQUEST, detail, cause).with("errors", errors);
    }
}
