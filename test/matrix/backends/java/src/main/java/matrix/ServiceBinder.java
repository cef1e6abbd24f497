package matrix;

import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import com.google.protobuf.Message;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCallHandler;
import io.grpc.ServerServiceDefinition;
import io.grpc.protobuf.ProtoFileDescriptorSupplier;
import io.grpc.protobuf.ProtoUtils;
import java.util.Map;

/**
 * Binds handlers to the methods that a service's descriptor has, by name: what protoc-gen-grpc-java would write out.
 * A handler without a method is left out, so the same code serves both schemas.
 */
final class ServiceBinder {
  /** A method's handler with an instance of each of its types. */
  record Bound(Message request, Message reply, ServerCallHandler<? extends Message, ? extends Message> handler) {}

  static ServerServiceDefinition bind(ServiceDescriptor service, Map<String, Bound> handlers) {
    io.grpc.ServiceDescriptor.Builder described =
        io.grpc.ServiceDescriptor.newBuilder(service.getFullName()).setSchemaDescriptor(new Schema(service.getFile()));
    for (MethodDescriptor method : service.getMethods()) {
      described.addMethod(describe(method, handlers.get(method.getName())));
    }
    io.grpc.ServiceDescriptor descriptor = described.build();
    ServerServiceDefinition.Builder definition = ServerServiceDefinition.builder(descriptor);
    for (io.grpc.MethodDescriptor<?, ?> method : descriptor.getMethods()) {
      add(definition, method, handlers.get(method.getBareMethodName()).handler());
    }
    return definition.build();
  }

  private static io.grpc.MethodDescriptor<Message, Message> describe(MethodDescriptor method, Bound bound) {
    return io.grpc.MethodDescriptor.<Message, Message>newBuilder()
        .setFullMethodName(method.getService().getFullName() + "/" + method.getName())
        .setType(typeOf(method))
        .setRequestMarshaller(ProtoUtils.marshaller(bound.request()))
        .setResponseMarshaller(ProtoUtils.marshaller(bound.reply()))
        .build();
  }

  private static MethodType typeOf(MethodDescriptor method) {
    if (method.isClientStreaming()) {
      return method.isServerStreaming() ? MethodType.BIDI_STREAMING : MethodType.CLIENT_STREAMING;
    }
    return method.isServerStreaming() ? MethodType.SERVER_STREAMING : MethodType.UNARY;
  }

  /** The types agree: method and handler were made from one {@link Bound}. */
  @SuppressWarnings({"unchecked", "rawtypes"})
  private static void add(
      ServerServiceDefinition.Builder definition, io.grpc.MethodDescriptor method, ServerCallHandler handler) {
    definition.addMethod(method, handler);
  }

  private record Schema(FileDescriptor file) implements ProtoFileDescriptorSupplier {
    @Override
    public FileDescriptor getFileDescriptor() {
      return file;
    }
  }

  private ServiceBinder() {}
}
