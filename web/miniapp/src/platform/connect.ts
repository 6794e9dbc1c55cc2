// A socket task of the platform behind the port that live/socket.ts asks for.
import type { Task, TaskEvents } from "@/live/socket";
import { socketUrl } from "./origin";

export function connect(events: TaskEvents): Task {
  // Only with a callback does uni.connectSocket return the task itself.
  const task = uni.connectSocket({ url: socketUrl(), complete: () => undefined }) as unknown as UniApp.SocketTask;
  task.onOpen(() => events.open());
  task.onMessage((message) => events.message(message.data));
  task.onClose((closed: { code?: number }) => events.close(closed?.code ?? 0));
  task.onError(() => events.error());
  return {
    send: (text) => task.send({ data: text }),
    close: () => task.close({ code: 1000, reason: "", complete: () => undefined } as UniApp.CloseSocketOptions),
  };
}
