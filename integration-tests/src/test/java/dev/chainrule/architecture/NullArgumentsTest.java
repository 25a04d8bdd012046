package dev.chainrule.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import dev.chainrule.ChainruleException;
import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is for programs refuses null at the call: each public method and constructor is called with null for one argument, and with null in
 * one array, and something that will do for all others.
 */
class NullArgumentsTest {

  @TempDir
  private Path folder;

  private final List<String> accepting = new ArrayList<>();
  private int calls;

  @Test
  void nullIsRefusedAtTheCall() {
    var samples = new SampleArguments(folder);
    Surface.ofPrograms().filter(c -> !c.getPackageName().contains("interop")).map(JavaClass::reflect).forEach(type -> {
      for (Constructor<?> constructor : Modifier.isAbstract(type.getModifiers()) ? new Constructor<?>[0] : type.getConstructors()) {
        check(type, constructor, samples);
      }
      for (Method method : type.getMethods()) {
        boolean callable = Modifier.isStatic(method.getModifiers()) ? method.getDeclaringClass() == type
            : !Modifier.isAbstract(type.getModifiers()) || type.isSealed();
        if (callable && method.getDeclaringClass().getName().startsWith("dev.chainrule") && !method.getName().equals("equals")
            && !method.isBridge()) {
          check(type, method, samples);
        }
      }
    });
    assertEquals("", String.join("\n", accepting));
    assertTrue(calls > 400, calls + " calls");
  }

  private void check(Class<?> type, Executable called, SampleArguments samples) {
    Parameter[] parameters = called.getParameters();
    for (int i = 0; i < parameters.length; i++) {
      if (parameters[i].getType().isPrimitive()) {
        continue;
      }
      refuses(type, called, samples, i, null);
      if (parameters[i].getType().isArray() && !parameters[i].getType().getComponentType().isPrimitive()) {
        refuses(type, called, samples, i, Array.newInstance(parameters[i].getType().getComponentType(), 1));
      } else if (parameters[i].getType() == List.class) {
        refuses(type, called, samples, i, Arrays.asList((Object) null));
      }
    }
  }

  private void refuses(Class<?> type, Executable called, SampleArguments samples, int at, Object bad) {
    String what = type.getSimpleName() + "." + called.getName() + ", " + called.getParameters()[at].getName() + " of "
        + Stream.of(called.getParameterTypes()).map(Class::getSimpleName).toList() + (bad == null ? "" : " with null in it");
    Object[] arguments = Stream.of(called.getParameters()).map(p -> samples.of(p.getParameterizedType())).toArray();
    arguments[at] = bad;
    calls++;
    try {
      if (called instanceof Constructor<?> constructor) {
        constructor.newInstance(arguments);
      } else {
        called.setAccessible(true); // Tensor's methods lie in interfaces that are not public
        ((Method) called).invoke(Modifier.isStatic(called.getModifiers()) ? null : samples.of(type), arguments);
      }
      accepting.add(what + ": accepted");
    } catch (InvocationTargetException e) {
      // Another argument may be complained of before, as the samples do not fit one another.
      if (!(e.getCause() instanceof NullPointerException || e.getCause() instanceof ChainruleException)) {
        accepting.add(what + ": " + e.getCause());
      }
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(what, e);
    }
  }
}
