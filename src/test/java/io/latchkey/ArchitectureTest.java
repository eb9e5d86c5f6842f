package io.latchkey;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.lang.conditions.ArchPredicates.are;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.modulith.ApplicationModule;
import org.springframework.modulith.core.ApplicationModules;

/** What keeps the house a house. */
class ArchitectureTest {
    private static final JavaClasses HOUSE = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.latchkey");

    private static final Set<String> TOP_LEVEL = Set.of(
            "pom.xml",
            "src",
            "docker-compose.yml",
            "docker-compose.monitoring.yml",
            "Dockerfile",
            "nginx",
            "prometheus",
            "grafana",
            "k8s",
            "docs",
            "scripts",
            "README.md",
            "CHANGELOG.md",
            "CONTRIBUTING.md",
            "LICENSE",
            "mvnw",
            "mvnw.cmd");

    /** Made by the build or by running it, and not in version control. */
    private static final Set<String> MADE = Set.of("target", "data", "backups");

    @Test
    void capabilitiesImportOnlyWhomTheyDeclare() {
        ApplicationModules.of(LatchkeyApplication.class).verify();
    }

    @Test
    void everyCapabilityDeclaresItsImportsAndIsNullMarked() {
        Set<String> packages =
                HOUSE.stream().map(JavaClass::getPackageName).collect(Collectors.toCollection(TreeSet::new));
        packages.remove("io.latchkey");
        assertThat(packages).allSatisfy(name -> {
            Class<?> info = Class.forName(name + ".package-info");
            assertThat(info.getAnnotation(ApplicationModule.class)).isNotNull();
            assertThat(info.getAnnotation(ApplicationModule.class).allowedDependencies())
                    .doesNotContain(ApplicationModule.OPEN_TOKEN);
            assertThat(info.getAnnotation(NullMarked.class)).isNotNull();
        });
    }

    @Test
    void onlyThePipelineForwards() {
        noClasses()
                .that(are(nameMatching("io\\.latchkey\\.(?!Pipeline$|missions\\.|proxy\\.).*")))
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("io.latchkey.proxy.Proxy")
                .because("a request that skips the walk is neither checked nor seen")
                .check(HOUSE);
    }

    @Test
    void onlyTheKeyCheckMakesCallers() {
        JavaClass caller = HOUSE.get("io.latchkey.keys.Caller");
        assertThat(caller.getModifiers()).contains(JavaModifier.FINAL);
        assertThat(caller.getConstructors())
                .allMatch(constructor -> constructor.getModifiers().stream()
                        .noneMatch(Set.of(JavaModifier.PUBLIC, JavaModifier.PROTECTED)::contains));
    }

    @Test
    void onlyTheLimitsMakePermits() {
        JavaClass permit = HOUSE.get("io.latchkey.ratelimit.Permit");
        assertThat(permit.getModifiers()).contains(JavaModifier.FINAL);
        assertThat(permit.getConstructors())
                .allMatch(constructor -> constructor.getModifiers().stream()
                        .noneMatch(Set.of(JavaModifier.PUBLIC, JavaModifier.PROTECTED)::contains));
        // Nothing is forwarded without one.
        assertThat(HOUSE.get("io.latchkey.proxy.Proxy").getMethods().stream()
                        .filter(method -> method.getModifiers().contains(JavaModifier.PUBLIC)))
                .isNotEmpty()
                .allMatch(method -> method.getRawParameterTypes().contains(permit));
    }

    @Test
    void timeComesFromTheStore() {
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName("io.latchkey.store.StoreClock")
                .should()
                .callMethod(java.time.Instant.class, "now")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(java.time.Clock.class, "systemUTC")
                .orShould()
                .callMethod(java.time.InstantSource.class, "system")
                .because("a node's own clock may be wrong; deadlines must end everywhere at once")
                .check(HOUSE);
    }

    /** What a secret or a proof is made of: by class, the algorithms of docs/owasp.md and no other. */
    @Test
    void cryptographyIsWhereTheDocumentsSay() throws IOException {
        Set<String> makers = HOUSE.stream()
                .flatMap(type -> type.getMethodCallsFromSelf().stream())
                .filter(call -> Set.of("java.security", "javax.crypto", "javax.net.ssl")
                                .contains(call.getTargetOwner().getPackageName())
                        && Set.of("getInstance", "getDefault").contains(call.getName()))
                .map(call -> call.getOriginOwner().getName().replaceAll(".*\\.|\\$.*", ""))
                .collect(Collectors.toCollection(TreeSet::new));
        String document = Files.readString(Path.of("docs/owasp.md"));
        String section = document.substring(document.indexOf("\n## Cryptography\n") + 1);
        Set<String> listed = section.substring(0, section.indexOf("\n## "))
                .lines()
                .filter(line -> line.startsWith("| `"))
                .map(line -> line.substring("| `".length(), line.indexOf("` |")))
                .collect(Collectors.toSet());
        assertThat(listed).isEqualTo(makers);
    }

    @Test
    void whatMustNotBeGuessedIsDrawnFromSecureRandom() {
        noClasses()
                .that()
                .resideInAnyPackage("io.latchkey.keys", "io.latchkey.store", "io.latchkey.audit", "io.latchkey.admin")
                .and()
                // A part of a name that is public.
                .doNotHaveSimpleName("NodeName")
                .should()
                .dependOnClassesThat()
                .haveNameMatching("java\\.util\\.(Random|SplittableRandom|concurrent\\.ThreadLocalRandom)")
                .because("their next value can be told from the ones before")
                .check(HOUSE);
    }

    @Test
    void nothingRunsOrRevivesWhatACallerSent() {
        noClasses()
                .that()
                // It starts redis-server with arguments of its own.
                .doNotHaveSimpleName("RedisProcess")
                .should()
                .dependOnClassesThat()
                .haveNameMatching("java\\.lang\\.ProcessBuilder|java\\.io\\.ObjectInputStream|javax\\.script\\..*"
                        + "|javax\\.naming\\..*|javax\\.xml\\..*|org\\.springframework\\.expression\\..*")
                .orShould()
                .callMethodWhere(DescribedPredicate.describe(
                        "run a program",
                        call -> call.getTargetOwner().isEquivalentTo(Runtime.class)
                                && call.getName().equals("exec")))
                .because("text that runs, or becomes an object of a type it names itself, is code")
                .check(HOUSE);
    }

    @Test
    void nothingSleeps() {
        noClasses()
                .should()
                .callMethod(Thread.class, "sleep", long.class)
                .orShould()
                .callMethod(Thread.class, "sleep", java.time.Duration.class)
                .because("there is always something to wait for")
                .check(HOUSE);
    }

    @Test
    void nothingPrintsButTheWelcome() {
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName("io.latchkey.admin.Welcome")
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .because("what is not a log line cannot be read by a machine")
                .check(HOUSE);
    }

    @Test
    void nothingIsInjectedIntoFields() {
        fields().should()
                .notBeAnnotatedWith(Autowired.class)
                .because("a constructor says what a class needs")
                .check(HOUSE);
    }

    @Test
    void namesAreOfTheTrade() {
        classes()
                .should()
                .haveNameNotMatching(".*(Impl|Util|Utils|Helper|Manager|Dto|Base)$")
                .because("such a name says nothing")
                .check(HOUSE);
        noClasses()
                .should()
                .resideInAnyPackage("..common..", "..util..", "..config..", "..service..", "..model..", "..impl..")
                .because("folders are capabilities")
                .check(HOUSE);
    }

    @Test
    void capabilitiesHaveNoSubPackages() {
        noClasses()
                .should()
                .resideInAPackage("io.latchkey.*.*..")
                .because("flat packages hide more")
                .check(HOUSE);
    }

    @Test
    void noInterfaceHasASingleImplementation() {
        assertThat(HOUSE.stream()
                        .filter(type -> type.isInterface() && !type.isAnnotation() && type.isTopLevelClass())
                        .filter(type -> type.getAllSubclasses().size() == 1))
                .isEmpty();
    }

    @Test
    void mostTypesAreHidden() {
        Set<JavaClass> types = HOUSE.stream()
                .filter(type -> type.isTopLevelClass() && !type.getSimpleName().equals("package-info"))
                .filter(type -> resideInAPackage("io.latchkey.*").test(type))
                .collect(Collectors.toSet());
        long open = types.stream()
                .filter(type -> type.getModifiers().contains(JavaModifier.PUBLIC))
                .count();
        assertThat(100 * (types.size() - open) / types.size())
                .as("percentage of hidden types")
                .isGreaterThanOrEqualTo(65);
    }

    @Test
    void theWalkFitsOnAPageAndAHalf() throws IOException {
        assertThat(Files.readAllLines(Path.of("src/main/java/io/latchkey/Pipeline.java")))
                .hasSizeLessThanOrEqualTo(100);
    }

    @Test
    void topLevelHoldsNothingElse() throws IOException {
        try (Stream<Path> files = Files.list(Path.of(""))) {
            assertThat(files.map(Path::toString).filter(name -> !name.startsWith(".") && !MADE.contains(name)))
                    .isSubsetOf(TOP_LEVEL);
        }
    }
}
