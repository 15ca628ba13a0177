/// A task-local value, which shows where it is inherited.
enum Context {
    @TaskLocal static var name = "none"
}
