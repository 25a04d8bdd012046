package dev.chainrule.nn;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.HostRandom;
import dev.chainrule.graph.Scope;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A part of a model: a function of one tensor with variables of its own and with smaller modules as children. It declares both, by
 * name, while it is constructed:
 *
 * <pre>{@code
 * final class Mlp extends Module {
 *   private final Linear hidden = child("hidden", new Linear(784, 512));
 *   private final Linear output = child("output", new Linear(512, 10));
 *
 *   @Override
 *   protected Tensor forward(Tensor x) {
 *     return output.apply(hidden.apply(x).relu());
 *   }
 * }
 * }</pre>
 *
 * <p>The names from the root down make a module's path, such as {@code encoder/hidden}; the root's is empty. A variable is called by its
 * module's path and its own name: {@code encoder/hidden/weight}. A module with two parents keeps its first path.
 *
 * <p>A module holds no mode and nothing of a run, so that many threads may apply it at once.
 */
@SuppressWarnings("JavaLangClash") // The field's own name; java.lang.Module is about something else.
public abstract class Module {

  private static final ScopedValue<DType> PARAMETERS = ScopedValue.newInstance();

  private final SequencedMap<String, Module> children = new LinkedHashMap<>();
  private final SequencedMap<String, Variable> own = new LinkedHashMap<>();
  private @Nullable Module parent;
  private String name = "";
  private String path = "";

  /** A module without variables. {@code kind} is what {@link #summary} calls it. */
  public static Module of(String kind, UnaryOperator<Tensor> function) {
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(function, "function");
    return new Module() {
      @Override
      protected Tensor forward(Tensor x) {
        return function.apply(x);
      }

      @Override
      public String toString() {
        return kind;
      }
    };
  }

  /**
   * Constructs a model whose parameters are of another type than f32: {@code Module.inType(DType.F64, () -> new Lstm(3, 5))} is one whose
   * gradients {@link dev.chainrule.autograd.GradientCheck} can check.
   *
   * @param dtype f32 or f64. For products in 16 bits see {@link dev.chainrule.tensor.Precision}: parameters stay f32 there
   * @throws InvalidArgumentException for any other type
   */
  public static <M extends Module> M inType(DType dtype, Supplier<M> construction) {
    if (dtype != DType.F32 && dtype != DType.F64) {
      throw new InvalidArgumentException("module", "parameters of " + dtype + ", expected f32 or f64",
          "Precision.MIXED_BF16 computes products in 16 bits and keeps parameters f32.");
    }
    return ScopedValue.where(PARAMETERS, dtype).call(construction::get);
  }

  // --- for subclasses ----------------------------------------------------------------------------------------------------------------

  /** What the module computes; called by {@link #apply} only. */
  protected abstract Tensor forward(Tensor x);

  /**
   * Declares a part of this module.
   *
   * @param name without slashes, new among this module's children and variables
   * @throws InvalidArgumentException when the name does not do, or when {@code module} contains this one
   */
  protected final <M extends Module> M child(String name, M module) {
    requireNew(name);
    adopt(name, module);
    return module;
  }

  private void adopt(String as, Module part) {
    if (part.tree().contains(this)) {
      throw new InvalidArgumentException("module",
          className() + " contains itself: \"" + as + "\", a " + part.className() + ", has it as a part", "Modules form no cycles.");
    }
    children.put(as, part);
    if (part.parent == null) {
      part.parent = this;
      part.name = as;
      part.relocate();
    }
  }

  /** Follows the parent to its path, and so do those below; a shared module follows its own parent, and stays. */
  private void relocate() {
    path = parent == null ? "" : join(parent.path, name);
    own.forEach((variableName, variable) -> variable.rename(join(path, variableName)));
    children.values().forEach(Module::relocate);
  }

  /** Declares a trainable variable, f32 but for {@link #inType}; {@code initializer} makes its value when the model is initialised. */
  protected final Variable parameter(String name, Shape shape, Initializer initializer) {
    return declare(name, new TensorType(PARAMETERS.orElse(DType.F32), shape), true, initializer);
  }

  /** Declares a variable that no optimizer changes but that belongs to the model's state, such as a running mean. */
  protected final Variable buffer(String name, TensorType type, Initializer initializer) {
    return declare(name, type, false, initializer);
  }

  private Variable declare(String name, TensorType type, boolean trainable, Initializer initializer) {
    Objects.requireNonNull(initializer, "initializer");
    requireNew(name);
    // The name is the one at the time of the call: placing the module in a larger one changes it.
    var variable = Variable.declared(join(path, name), type, trainable,
        seed -> initializer.values(type, HostRandom.of(seed, join(path, name))));
    own.put(name, variable);
    return variable;
  }

  private void requireNew(String name) {
    if (name.isEmpty() || name.contains("/")) {
      throw new InvalidArgumentException("module", "\"" + name + "\" cannot name a part of " + className(), "Use a name without slashes.");
    }
    if (children.containsKey(name) || own.containsKey(name)) {
      throw new InvalidArgumentException("module", className() + " has two parts called \"" + name + "\"", "Give each a name of its own.");
    }
  }

  /** Runs a further function of this module, one of several tensors perhaps, under its path, as {@link #apply} runs {@link #forward}. */
  protected final <R> R under(Supplier<R> function) {
    return Scope.current().at(path, function);
  }

  private static String join(String path, String name) {
    return path.isEmpty() ? name : path + "/" + name;
  }

  // --- for users ---------------------------------------------------------------------------------------------------------------------

  /** This module's function of {@code x}, computed under its path. */
  public final Tensor apply(Tensor x) {
    Objects.requireNonNull(x, "x");
    Tensor y = under(() -> forward(x));
    return Summary.observe(this, y);
  }

  /** The names from the root down to this module, {@code encoder/hidden}; empty for the root. */
  public final String path() {
    return path;
  }

  /** The trainable variables of this module and all below it, each once: a module's own first, then its children's, as declared. */
  public final List<Variable> parameters() {
    return variables().values().stream().filter(Variable::isTrainable).toList();
  }

  /**
   * All variables of this module and those below it by their names, each once; the order is that of {@link #parameters}.
   *
   * @throws InvalidArgumentException when two have one name, which modules shared between models can bring about
   */
  public final SequencedMap<String, Variable> variables() {
    SequencedMap<String, Variable> all = new LinkedHashMap<>();
    for (Module module : tree()) {
      for (Variable variable : module.own.values()) {
        if (all.put(variable.name(), variable) != null) {
          throw new InvalidArgumentException("module", "two variables of " + label() + " are called " + variable.name(),
              "A shared module keeps the path from its first parent; give it another name there.");
        }
      }
    }
    return Collections.unmodifiableSequencedMap(all);
  }

  /** Fills every variable from the seed, whatever it held. A variable's value depends on the seed and its name alone. */
  public final void initialise(long seed) {
    variables().values().forEach(variable -> variable.initialise(seed));
  }

  /**
   * What the variables hold, by name; inside a Step what they held before it.
   *
   * @throws InvalidArgumentException when one has no value yet
   */
  public final SequencedMap<String, HostArray> state() {
    return Weights.read(variables());
  }

  /**
   * Gives every variable its value from {@code state}, which must fit exactly; nothing is changed unless all of it does.
   *
   * @throws dev.chainrule.DataFormatException naming every variable that is missing, unexpected, or of another shape or element type
   */
  public final void load(Map<String, HostArray> state) {
    Weights.load(variables(), state);
  }

  /**
   * A table of this module and all below it: path, kind, type of the output, number of parameters of its own. Types are worked out,
   * nothing is computed. A module that is not applied has no output; of one applied several times the first is shown.
   *
   * @param input the type of the model's input
   */
  public final String summary(TensorType input) {
    return Summary.of(this, input);
  }

  /** What {@link #summary} and messages call this kind of module, with its settings: {@code Linear(784 -> 512)}. */
  @Override
  public String toString() {
    return className();
  }

  /** Two modules are never equal: each has variables of its own. */
  @Override
  public final boolean equals(@Nullable Object other) {
    return this == other;
  }

  @Override
  public final int hashCode() {
    return System.identityHashCode(this);
  }

  /** What can be said of a module that is still being constructed. */
  private String className() {
    String name = getClass().getSimpleName();
    return name.isEmpty() ? "Module" : name;
  }

  /** What messages call this very module: its path, if it has one, and its kind. */
  final String label() {
    return path.isEmpty() ? toString() : path + " " + this;
  }

  final List<Variable> own() {
    return List.copyOf(own.values());
  }

  /** This module and all below it, each once, parents first. */
  final SequencedSet<Module> tree() {
    SequencedSet<Module> found = new LinkedHashSet<>();
    collect(found);
    return found;
  }

  private void collect(Set<Module> found) {
    if (found.add(this)) {
      children.values().forEach(child -> child.collect(found));
    }
  }
}
