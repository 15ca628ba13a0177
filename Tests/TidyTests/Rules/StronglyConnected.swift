/// The strongly connected components of a graph, which is given as the targets of each node (Tarjan's algorithm).
func components(of arrows: [[Int]]) -> [[Int]] {
    var search = ComponentSearch(arrows: arrows)
    for node in arrows.indices where search.order[node] == nil { search.visit(node) }
    return search.found
}

private struct ComponentSearch {
    let arrows: [[Int]]
    /// The order in which nodes were first visited.
    var order: [Int?]
    var found: [[Int]] = []
    /// For each node, the earliest node on the path that can be reached from it.
    private var low: [Int]
    private var path: [Int] = []
    private var isOnPath: [Bool]
    private var clock = 0

    init(arrows: [[Int]]) {
        self.arrows = arrows
        order = Array(repeating: nil, count: arrows.count)
        low = Array(repeating: 0, count: arrows.count)
        isOnPath = Array(repeating: false, count: arrows.count)
    }

    mutating func visit(_ node: Int) {
        order[node] = clock
        low[node] = clock
        clock += 1
        path.append(node)
        isOnPath[node] = true
        for target in arrows[node] {
            if let seen = order[target] {
                if isOnPath[target] { low[node] = min(low[node], seen) }
            } else {
                visit(target)
                low[node] = min(low[node], low[target])
            }
        }
        if low[node] == order[node] { closeComponent(at: node) }
    }

    private mutating func closeComponent(at node: Int) {
        var component: [Int] = []
        repeat {
            component.append(path.removeLast())
            isOnPath[component[component.count - 1]] = false
        } while component.last != node
        found.append(component)
    }
}
