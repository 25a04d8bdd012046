package dev.chainrule.backend.cpu;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.Instruction;
import java.lang.classfile.Label;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LabelTarget;
import java.lang.classfile.instruction.LoadInstruction;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.AccessFlag;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The code of a static method of this package, to be copied into a generated one in place of a call, with the code of those that it calls
 * in turn. C2 inlines a call only if the method is short, was called often, and has not been compiled to something long already; what it
 * decides depends on what ran before, and a vector that crosses a call is an object. Of copied code only calls of the Vector API remain,
 * which it always inlines.
 */
final class InlinedFunction {

  private static final String PACKAGE = InlinedFunction.class.getPackageName().replace('.', '/') + "/";

  /** By internal name. Models of class files read on while they are used, so the map's lock is held by who uses one. */
  private static final Map<String, ClassModel> CLASSES = new HashMap<>();

  private final CodeModel body;
  private final MethodTypeDesc type;
  private final int size;

  private InlinedFunction(CodeModel body, MethodTypeDesc type) {
    this.body = body;
    this.type = type;
    int bytes = 0;
    for (CodeElement element : body) {
      bytes += switch (element) {
        case InvokeInstruction call when isCopied(call) -> of(call).size;
        case Instruction instruction -> instruction.sizeInBytes();
        default -> 0;
      };
    }
    this.size = bytes;
  }

  /** The function of {@link VectorMath} with that name and type. */
  static InlinedFunction of(String name, MethodTypeDesc type) {
    synchronized (CLASSES) {
      return of(PACKAGE + "VectorMath", name, type);
    }
  }

  private static InlinedFunction of(InvokeInstruction call) {
    return of(call.owner().asInternalName(), call.name().stringValue(), call.typeSymbol());
  }

  private static InlinedFunction of(String owner, String name, MethodTypeDesc type) {
    for (MethodModel method : CLASSES.computeIfAbsent(owner, InlinedFunction::read).methods()) {
      if (method.methodName().equalsString(name) && method.methodTypeSymbol().equals(type) && method.flags().has(AccessFlag.STATIC)) {
        return new InlinedFunction(method.code().orElseThrow(), type);
      }
    }
    throw new IllegalStateException("[cpu] no static method " + owner + "." + name + type.displayDescriptor());
  }

  /** The class file as it was compiled, without what agents have put into the loaded class. */
  private static ClassModel read(String internalName) {
    String file = internalName.substring(PACKAGE.length()) + ".class";
    try (InputStream in = Objects.requireNonNull(InlinedFunction.class.getResourceAsStream(file), file)) {
      return ClassFile.of().parse(in.readAllBytes());
    } catch (IOException e) {
      throw new IllegalStateException("[cpu] " + file + " cannot be read", e);
    }
  }

  /** Lambdas belong to the class they are in: what uses them, for what seldom happens, remains a call. */
  private static boolean isCopied(InvokeInstruction call) {
    return call.opcode() == Opcode.INVOKESTATIC && call.owner().asInternalName().startsWith(PACKAGE)
        && of(call).body.elementStream().noneMatch(InvokeDynamicInstruction.class::isInstance);
  }

  /** Bytes of its code. */
  int size() {
    return size;
  }

  /** Writes the code: arguments are on the stack, the result takes their place. Its local variables end with it. */
  void write(CodeBuilder code) {
    synchronized (CLASSES) {
      code.block(this::copy);
    }
  }

  private void copy(CodeBuilder.BlockCodeBuilder code) {
    var copy = new Object() {
      final Map<List<Object>, Integer> locals = new HashMap<>();
      final Map<Label, Label> labels = new HashMap<>();

      int local(int slot, TypeKind kind) {
        return locals.computeIfAbsent(List.of(slot, kind), _ -> code.allocateLocal(kind));
      }

      Label label(Label of) {
        return labels.computeIfAbsent(of, _ -> code.newLabel());
      }
    };
    for (int i = type.parameterCount() - 1, slot = slots(type.parameterCount()); i >= 0; i--) {
      TypeKind kind = TypeKind.from(type.parameterType(i));
      slot -= kind.slotSize();
      code.storeLocal(kind, copy.local(slot, kind));
    }
    for (CodeElement element : body) {
      switch (element) {
        case LoadInstruction load -> code.loadLocal(load.typeKind(), copy.local(load.slot(), load.typeKind()));
        case StoreInstruction store -> code.storeLocal(store.typeKind(), copy.local(store.slot(), store.typeKind()));
        case LabelTarget target -> code.labelBinding(copy.label(target.label()));
        case BranchInstruction branch -> code.branch(branch.opcode(), copy.label(branch.target()));
        case ReturnInstruction _ -> code.goto_(code.breakLabel());
        case InvokeInstruction call when isCopied(call) -> of(call).write(code);
        case Instruction instruction -> code.with(instruction);
        default -> {}
      }
    }
  }

  private int slots(int parameters) {
    return type.parameterList().subList(0, parameters).stream().mapToInt(each -> TypeKind.from(each).slotSize()).sum();
  }
}
